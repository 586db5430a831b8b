// Applies the reader's display settings before the first paint. Not a module:
// those run after it. Stores nothing but these four settings.
(() => {
  let saved = {}
  try { saved = JSON.parse(localStorage.getItem('biseo.display')) || {} } catch { /* blocked or damaged: defaults */ }
  const root = document.documentElement
  const lang = new URLSearchParams(location.search).get('lang') || saved.lang
  root.dataset.theme = ['light', 'dark', 'contrast'].includes(saved.theme) ? saved.theme : 'system'
  root.dataset.size = ['90', '110', '130', '150'].includes(saved.size) ? saved.size : '100'
  root.dataset.enter = saved.enter === 'newline' ? 'newline' : 'send'
  root.lang = lang === 'en' ? 'en' : 'ko'
})()
