// Small helpers for building elements and for words in two languages.
let english = {}
const cut = 9 // letters: a longer text is found by its beginning, if no other begins so

// language fetches the words of the language of the page, if they are not Korean.
export async function language() {
  if (document.documentElement.lang !== 'en' || english['비서']) return
  const lines = (await (await fetch('/page/en.txt')).text()).split('\n')
  english = Object.fromEntries(lines.map(line => line.split(/=(.*)/)))
}
await language()

export const $ = id => document.getElementById(id)

// el makes an element. Functions become listeners, booleans switch attributes,
// children are nodes or text: text is never parsed as HTML.
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag)
  for (const [k, v] of Object.entries(props)) {
    if (typeof v === 'function') node.addEventListener(k, v)
    else if (k === 'class') node.className = v
    else if (v === true) node.setAttribute(k, '')
    else if (v !== false && v != null) node.setAttribute(k, v)
  }
  node.append(...children.flat().filter(c => c != null && c !== ''))
  return node
}

// button is an ordinary button: its words, what it does, its class, what stands behind the words.
export const button = (word, click, cls = '', ...more) => el('button', { type: 'button', class: cls, click }, t(word), more)

// link leads to an address of the page.
export const link = (path, words, props = {}) => el('a', { href: path, 'data-view': path, ...props }, words)

// hint is a line of what helps, heading the title of a view.
export const hint = (...children) => el('p', { class: 'hint' }, ...children)
export const heading = (words, props = {}) => el('h1', { tabindex: '-1', ...props }, words)

// errorLine is the place for what is wrong: tell(text) shows and says it, tell('') takes it away.
export function errorLine() {
  const node = el('p', { class: 'error', hidden: true })
  node.tell = text => {
    node.textContent = text
    node.hidden = !text
    if (text) alarm(text)
  }
  return node
}

export function icon(name) {
  const ns = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(ns, 'svg')
  svg.setAttribute('aria-hidden', 'true')
  svg.classList.add('icon')
  const use = document.createElementNS(ns, 'use')
  use.setAttribute('href', '/page/icon.svg#' + name)
  svg.append(use)
  return svg
}

// t gives the words of the interface. Korean is the source language and the key.
export function t(ko, vars = {}) {
  const s = document.documentElement.lang === 'en' ? english[ko] ?? english[ko.slice(0, cut)] ?? ko : ko
  return s.replace(/\{(\w+)\}/g, (_, k) => vars[k] ?? '')
}

// translate puts the words of the chosen language into the elements marked for it.
export function translate(root = document) {
  for (const e of root.querySelectorAll('[data-t]')) {
    e.dataset.t ||= e.textContent
    e.textContent = t(e.dataset.t)
  }
  for (const [name, attr] of [['tLabel', 'aria-label'], ['tPlaceholder', 'placeholder']]) {
    for (const e of root.querySelectorAll(`[data-${attr === 'placeholder' ? 't-placeholder' : 't-label'}]`)) {
      e.dataset[name] ||= e.getAttribute(attr)
      e.setAttribute(attr, t(e.dataset[name]))
    }
  }
}

// say puts one message into the polite live region; alarm interrupts.
export function say(message) { speak('status', message) }
export function alarm(message) { speak('alert', message) }

function speak(id, message) {
  const region = $(id)
  region.textContent = ''
  setTimeout(() => { region.textContent = message }, 50) // a repeated text is a change, too
}

// toast shows and says what an action came to. Errors do not belong into it.
export function toast(text) {
  for (const old of document.querySelectorAll('.toast')) old.remove()
  const node = el('p', { class: 'toast', 'aria-hidden': 'true' }, text)
  document.body.append(node)
  say(text)
  setTimeout(() => node.remove(), 6000)
}

// confirmed asks before what cannot be undone. verb is the word of the button.
export function confirmed(title, text, verb) {
  return new Promise(done => {
    const dialog = el('dialog', { role: 'alertdialog', 'aria-labelledby': 'confirm-title', 'aria-describedby': 'confirm-text' },
      el('h2', { id: 'confirm-title' }, title), el('p', { id: 'confirm-text' }, text),
      el('div', { class: 'actions end' }, button('취소', () => dialog.close()),
        el('button', { type: 'button', class: 'delete', click: () => dialog.close('yes') }, verb)))
    dialog.addEventListener('close', () => { dialog.remove(); done(dialog.returnValue === 'yes') })
    document.body.append(dialog)
    dialog.showModal()
  })
}

// copy puts text on the clipboard, on plain http, too, and says so.
export async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const field = el('textarea', { class: 'vh' })
    field.value = text
    document.body.append(field)
    const had = document.activeElement
    field.select()
    const ok = document.execCommand('copy')
    field.remove()
    had?.focus()
    if (!ok) return toast(t('복사하지 못했습니다. 글을 직접 선택해 복사해 주세요.'))
  }
  toast(said)
}

// fill puts text into a field in the place of what stands there; undo brings that back.
export function fill(field, text) {
  field.focus()
  field.select()
  if (!document.execCommand('insertText', false, text)) field.value = text
}

// save hands a blob to the browser as a download.
export function save(blob, name) {
  const a = el('a', { href: URL.createObjectURL(blob), download: name })
  a.click()
  setTimeout(() => URL.revokeObjectURL(a.href), 10000)
}

// go opens an address of the page, such as /drafts?id=….
export function go(path) { document.dispatchEvent(new CustomEvent('go', { detail: path })) }
