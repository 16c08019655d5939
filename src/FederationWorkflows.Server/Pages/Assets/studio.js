// Puts the designer's element on the page and follows where it goes. What to show is in this script's data attributes.
(() => {
  'use strict';
  const settings = document.currentScript.dataset;
  const base = new URL('.', document.baseURI);

  // The designer takes no relative address.
  const api = new URL(settings.api, location.origin).href;
  const view = document.getElementById('view');
  const page = Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');

  const go = path => location.assign(new URL(path, base));
  const story = id => `workflows/definitions/${encodeURIComponent(id)}/edit`;
  const run = id => `workflows/instances/${encodeURIComponent(id)}/view`;

  const reason = (problem, status) => Object.values(problem.errors ?? {}).flat().join('\n') || problem.detail || problem.title || `The server answered ${status}.`;

  function tell(text) {
    document.getElementById('blazor-error-text').textContent = text;
    document.getElementById('blazor-error-ui').style.display = 'block';
  }

  // The designer saves while an earlier saving is under way, and takes every answer for the story as it is: the earlier one's would take
  // back what was changed since. So they are sent one after the other, and all get the answer to the last.
  let last = Promise.resolve();

  async function save(send) {
    last = last.then(send, send);
    let answer, mine;
    do {
      mine = last;
      answer = await mine;
    } while (mine !== last);
    return answer.clone();
  }

  // The designer shows what is wrong with a story that is saved, retracted or imported.
  const isShown = (status, path) => status === 400 && /\/(workflow-definitions|retract|import)$/.test(path);

  // What somebody has just asked for.
  const isCommand = (method, path) => method === 'DELETE'
    || (method === 'POST' && /\/(workflow-definitions|publish|retract|revert\/\d+|execute|submit)$|\/(bulk-actions|cancel)\//.test(path));

  // The designer says nothing when the server refuses anything else, takes it for a mistake of its own, or even for success: say it here.
  const fetchOf = window.fetch.bind(window);
  window.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input, document.baseURI);
    const isCall = url.href.startsWith(api);
    if (isCall) {
      // Tells this page's own changes from somebody else's.
      const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
      headers.set('X-Editor-Page', page);
      init = { ...init, headers };
    }

    const isSaving = isCall && init.method === 'POST' && url.pathname.endsWith('/workflow-definitions');
    const answer = await (isSaving ? save(() => fetchOf(input, init)) : fetchOf(input, init));
    if (answer.status >= 400 && isCall) {
      if (answer.status === 401) {
        // The session is over. The designer would die of the answer, so it gets none.
        location.assign(`${settings.site}sign-in?returnUrl=${encodeURIComponent('/' + (location.pathname + location.search).slice(settings.site.length))}`);
        return new Promise(() => {});
      }

      if (!isShown(answer.status, url.pathname)) {
        const text = await answer.clone().json().then(problem => reason(problem, answer.status), () => reason({}, answer.status));
        tell(text);
        if (answer.status < 500 && isCommand(init.method, url.pathname)) {
          // What was called off leaves the designer as it is. Failures it tries again by itself.
          throw new DOMException(text, 'AbortError');
        }
      }
    } else if (isCall && url.pathname.includes('/bulk-actions/publish/')) {
      // It knows of those that were published, and not of those that were not.
      answer.clone().json().then(done => Object.keys(done.errors).length > 0 && tell(reason(done)));
    }

    if (isCall && answer.ok && settings.page === 'instances' && url.pathname.endsWith('/bulk-actions/cancel/workflow-instances')) {
      // The list goes on counting the cancelled runs as selected without showing it, and would delete them with the next ones. Its filters are
      // in the address.
      location.reload();
      return new Promise(() => {});
    }

    if (isCall && init.method !== 'GET') {
      document.dispatchEvent(new Event('fedflow:changed'));
    }

    return answer;
  };

  // After running or copying a story, the designer goes to another page of its own, which nobody draws.
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const target = /workflows\/(definitions\/[^/?]+\/edit|instances\/[^/?]+\/view)/.exec(String(url ?? ''));
    if (target) {
      location.assign(new URL(target[0], base));
    } else {
      push(state, title, url);
    }
  };

  // Its links begin at the root of the server, where there may be something else.
  document.addEventListener('click', event => {
    const link = event.target.closest?.('a[href]');
    const target = link && /^\/(workflows\/(?:definitions\/[^/?]+\/edit|instances\/[^/?]+\/view))$/.exec(link.getAttribute('href'));
    if (target) {
      event.preventDefault();
      event.stopPropagation();
      location.assign(new URL(target[1], base));
    }
  }, true);

  for (const button of document.querySelectorAll('[data-dismiss]')) {
    button.addEventListener('click', () => { document.getElementById('blazor-error-ui').style.display = 'none'; });
  }

  const elements = {
    'definitions': ['elsa-workflow-definition-list', {}, { editWorkflowDefinition: id => go(story(id)) }],
    'definition': ['elsa-workflow-definition-editor', { 'definition-id': settings.id }, {}],
    'instances': ['elsa-workflow-instance-list', {}, { viewWorkflowInstance: id => go(run(id)) }],
    'instance': ['elsa-workflow-instance-viewer', { 'instance-id': settings.id }, { editWorkflowDefinition: id => go(story(id)) }],
  };

  const [tag, attributes, callbacks] = elements[settings.page];
  function show() {
    const element = document.createElement(tag);
    element.setAttribute('remote-endpoint', api);
    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, value);
    }

    Object.assign(element, callbacks);
    view.append(element);
  }

  // A property that is set before the element is defined is lost.
  customElements.whenDefined(tag).then(() => {
    document.getElementById('loading')?.remove();
    show();
  });
})();
