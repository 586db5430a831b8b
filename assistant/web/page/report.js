// The view 보고서.
import { el, t } from './dom.js'

export function show(section) {
  section.replaceChildren(el('h1', { tabindex: -1 }, t('보고서')))
}
