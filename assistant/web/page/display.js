// Applies the reader's display settings before the first paint. Not a module:
// those run after it. The settings hold nothing personal.
(() => {
  let saved = {}
  try { saved = JSON.parse(localStorage.getItem('biseo.display')) || {} } catch { /* blocked or damaged: defaults */ }
  const root = document.documentElement
  const lang = new URLSearchParams(location.search).get('lang') || saved.lang
  root.dataset.chosen = ['light', 'dark', 'contrast'].includes(saved.theme) ? saved.theme : 'system'
  root.dataset.size = ['90', '110', '130', '150'].includes(saved.size) ? saved.size : '100'
  root.dataset.enter = saved.enter === 'newline' ? 'newline' : 'send'
  root.dataset.keys = saved.keys === 'on' ? 'on' : 'off'
  root.lang = lang === 'en' ? 'en' : 'ko'

  const dark = matchMedia('(prefers-color-scheme: dark)')
  const contrast = matchMedia('(prefers-contrast: more)')
  const apply = () => {
    const device = contrast.matches ? 'contrast' : dark.matches ? 'dark' : 'light'
    root.dataset.theme = root.dataset.chosen === 'system' ? device : root.dataset.chosen
  }
  for (const m of [dark, contrast]) m.addEventListener('change', apply)
  root.addEventListener('theme', apply)
  apply()
})()
