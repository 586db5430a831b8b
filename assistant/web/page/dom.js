// Small helpers for building elements and for words in two languages.
import en from './en.js'

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
  const s = document.documentElement.lang === 'en' ? en[ko] ?? ko : ko
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
