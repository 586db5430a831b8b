// Display settings and help: dialogs. Settings stay in this browser and hold
// nothing personal.
import { $ } from './dom.js'

const root = document.documentElement

export function bindSettings(onWords) {
  for (const [button, dialog] of [['open-display', 'display'], ['open-help', 'help']]) {
    $(button).addEventListener('click', () => {
      $(dialog).showModal()
      $(dialog).querySelector('h2').focus()
    })
  }
  const now = { theme: root.dataset.chosen, size: root.dataset.size, enter: root.dataset.enter, keys: root.dataset.keys, lang: root.lang }
  for (const [name, value] of Object.entries(now)) {
    for (const radio of $('display').querySelectorAll(`[name=${name}]`)) {
      radio.checked = radio.value === value
      radio.addEventListener('change', () => {
        now[name] = radio.value
        if (name === 'lang') root.lang = radio.value
        else root.dataset[name === 'theme' ? 'chosen' : name] = radio.value
        root.dispatchEvent(new Event('theme'))
        try { localStorage.setItem('biseo.display', JSON.stringify(now)) } catch { /* blocked: for this page only */ }
        if (name === 'lang' || name === 'enter') onWords() // other settings leave what is shown alone
      })
    }
  }
}

// recall and remember keep the last choices of forms in this browser: kinds,
// templates, names of departments, never what was asked or written.
export function recall(name) {
  try { return JSON.parse(localStorage.getItem('biseo.choices'))?.[name] } catch { return undefined }
}

export function remember(name, value) {
  try {
    localStorage.setItem('biseo.choices', JSON.stringify({ ...JSON.parse(localStorage.getItem('biseo.choices')), [name]: value }))
  } catch { /* blocked: for this page only */ }
}
