// The view 민원 답변.
import { el, t } from './dom.js'

export function show(section) {
  section.replaceChildren(el('h1', { tabindex: -1 }, t('민원 답변')))
}
