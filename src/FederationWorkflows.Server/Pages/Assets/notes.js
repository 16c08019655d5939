// Says in the bar above the designer what the designer cannot: what is wrong with the story, or which webhooks everybody may call.
(() => {
  'use strict';
  const notes = document.getElementById('notes');
  if (!notes) {
    return;
  }

  const count = (number, one) => `${number} ${one}${number === 1 ? '' : 's'}`;
  const kinds = {
    problems: answer => {
      const errors = answer.items.filter(item => item.severity === 'Error').length;
      const warnings = answer.items.length - errors;
      return {
        tone: errors > 0 ? 'bad' : warnings > 0 ? 'wait' : 'good',
        title: errors > 0 ? count(errors, 'error') : warnings > 0 ? count(warnings, 'warning') : 'No problems',
        lead: errors > 0 ? 'Before this story can be published:' : warnings > 0 ? 'It can be published. Worth a look:' : 'This story can be published.',
        items: answer.items.map(item => ({ name: item.activityId, text: item.message, tone: item.severity === 'Error' ? 'bad' : 'wait' })),
      };
    },
    webhooks: answer => {
      const open = answer.items.filter(item => item.isOpen);
      return {
        tone: open.length > 0 ? 'wait' : null,
        title: count(open.length, 'open webhook'),
        lead: 'Everybody who reaches the server may call these. Where that is not meant, choose the input "Caller" of their HTTP endpoint.',
        items: open.map(item => ({ name: item.name, href: `workflows/definitions/${encodeURIComponent(item.definitionId)}/edit`, text: `${item.method} ${item.path}`, tone: 'wait' })),
      };
    },
  };

  function show({ tone, title, lead, items }) {
    notes.hidden = tone === null;
    notes.dataset.tone = tone ?? '';
    notes.querySelector('summary').textContent = title;
    notes.querySelector('p').textContent = lead;
    notes.querySelector('ul').replaceChildren(...items.map(item => {
      const line = document.createElement('li');
      const name = document.createElement(item.href ? 'a' : 'strong');
      name.textContent = item.name ?? '';
      if (item.href) {
        name.href = item.href;
      }

      line.dataset.tone = item.tone;
      line.append(name, ' ', item.text);
      return line;
    }));
  }

  let latest = 0;
  async function look() {
    const mine = ++latest;
    const answer = await fetch(notes.dataset.source);
    if (answer.ok && mine === latest) {
      show(kinds[notes.dataset.kind](await answer.json()));
    }
  }

  // Several changes that come close together are looked at once.
  let waiting;
  document.addEventListener('fedflow:changed', () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 300);
  });
  document.addEventListener('click', event => { notes.open &&= notes.contains(event.target); });
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && notes.open) {
      notes.open = false;
      notes.querySelector('summary').focus();
    }
  });
  look();
})();
