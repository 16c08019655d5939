// Runs before the page is drawn, so that a chosen theme does not flash.
const chosen = localStorage.getItem('theme');
if (chosen) {
  document.documentElement.dataset.theme = chosen;
}

document.addEventListener('DOMContentLoaded', () => {
  document.getElementById('theme')?.addEventListener('click', () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    localStorage.setItem('theme', root.dataset.theme);
  });

  // Times are rendered in UTC; whoever looks sees his own zone, and UTC on hovering.
  for (const time of document.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.title = time.textContent;
      time.textContent = at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
    }
  }

  // Times in forms are UTC, too, and are typed and seen in the zone of whoever looks.
  for (const input of document.querySelectorAll('input[type=datetime-local][data-utc]')) {
    if (input.value) {
      const at = new Date(input.value + 'Z');
      input.value = new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
    }
    document.querySelector(`label[for=${input.id}] .zone`)?.remove();
    const sent = document.createElement('input');
    sent.type = 'hidden';
    sent.name = input.name;
    input.removeAttribute('name');
    input.after(sent);
    input.form.addEventListener('submit', () => { sent.value = input.value ? new Date(input.value).toISOString() : ''; });
  }

  for (const form of document.querySelectorAll('form[data-confirm]')) {
    form.addEventListener('submit', event => {
      if (!confirm(form.dataset.confirm)) {
        event.preventDefault();
      }
    });
  }

  // A page that shows something under way looks again until it is done.
  const refresh = document.querySelector('[data-refresh-seconds]');
  if (refresh) {
    setTimeout(() => location.reload(), Number(refresh.dataset.refreshSeconds) * 1000);
  }
});
