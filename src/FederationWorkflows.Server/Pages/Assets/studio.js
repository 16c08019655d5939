// Puts the designer's element on the page and follows where it goes. What to show is in this script's data attributes.
(() => {
  'use strict';
  const settings = document.currentScript.dataset;
  const base = new URL('.', document.baseURI);

  // The designer takes no relative address.
  const api = new URL(settings.api, location.origin).href;
  const view = document.getElementById('view');

  const go = path => location.assign(new URL(path, base));
  const story = id => `workflows/definitions/${encodeURIComponent(id)}/edit`;
  const run = id => `workflows/instances/${encodeURIComponent(id)}/view`;

  function tell(text) {
    document.getElementById('blazor-error-text').textContent = text;
    document.getElementById('blazor-error-ui').style.display = 'block';
  }

  // The designer says nothing when the server refuses, except when a story is saved: say it here.
  const fetchOf = window.fetch.bind(window);
  window.fetch = async (input, init) => {
    const answer = await fetchOf(input, init);
    const url = new URL(input instanceof Request ? input.url : input, document.baseURI);
    if (answer.status >= 400 && url.href.startsWith(api)) {
      if (answer.status === 401 && settings.signIn) {
        location.assign(`${settings.signIn}?returnUrl=${encodeURIComponent(location.pathname + location.search)}`);
      } else if (answer.status !== 400 || !/\/(workflow-definitions|retract)$/.test(url.pathname)) {
        answer.clone().json().then(problem => tell(problem.detail || problem.title || `The server answered ${answer.status}.`), () => tell(`The server answered ${answer.status}.`));
      }
    }

    return answer;
  };

  // After running or copying a story, the designer goes to another page of its own, which nobody draws.
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const page = /workflows\/(definitions\/[^/?]+\/edit|instances\/[^/?]+\/view)/.exec(String(url ?? ''));
    if (page) {
      location.assign(new URL(page[0], base));
    } else {
      push(state, title, url);
    }
  };

  // Its links begin at the root of the server, where there may be something else.
  document.addEventListener('click', event => {
    const link = event.target.closest?.('a[href]');
    const page = link && /^\/(workflows\/(?:definitions\/[^/?]+\/edit|instances\/[^/?]+\/view))$/.exec(link.getAttribute('href'));
    if (page) {
      event.preventDefault();
      event.stopPropagation();
      location.assign(new URL(page[1], base));
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

  // A property that is set before the element is defined is lost.
  const [tag, attributes, callbacks] = elements[settings.page];
  customElements.whenDefined(tag).then(() => {
    const element = document.createElement(tag);
    element.setAttribute('remote-endpoint', api);
    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, value);
    }

    Object.assign(element, callbacks);
    document.getElementById('loading')?.remove();
    view.append(element);
  });
})();
