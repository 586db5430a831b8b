// What the views of summary, report and reply share: a form above, the draft under
// way below. A view keeps its form and its result while the window is open.
import { button, el, go, heading, t } from './dom.js'
import * as api from './api.js'
import { AnswerView } from './answer.js'
import * as panel from './panel.js'
import { run } from './run.js'
import { draftAt, may, offers } from './text.js'

let templates = null

// choices are what the service offers: templates, kinds, lengths. Fetched once.
export const choices = async () => templates ??= await api.get('/v1/templates')

// A TaskView holds one task's form and result. build(view) resolves to the nodes of
// the form; it is called again in another language.
export class TaskView {
  constructor(task, title, lead, build) { Object.assign(this, { task, title, lead, build, result: el('div', { class: 'result' }) }) }

  async show(section, params, service) {
    panel.clear()
    this.service = service
    const lang = document.documentElement.lang
    if (!this.node || this.lang !== lang) {
      this.lang = lang
      this.node = el('div', { class: 'stack' }, heading(t(this.title)), el('p', { class: 'lead' }, t(this.lead)))
      const node = this.node
      section.replaceChildren(node)
      try {
        node.append(...await this.build(this, await choices(), service))
      } catch (e) {
        this.node = null
        node.append(failed(e, () => this.show(section, params, service)))
        return
      }
      if (this.node === node) node.append(this.result)
    }
    section.replaceChildren(this.node)
    section.classList.add('narrow')
  }

  // start sends the task: body, with files if there are any. name stands above the
  // result, top is a node that stands above the draft from the first moment.
  async start({ name, scope, on, body, files = [], form, top = '' }) {
    const save = offers(this.service, 'drafts') && may(this.service, 'draft')
    const view = new AnswerView({ question: name, on, scope, task: this.task, level: 2 })
    this.result.replaceChildren(top, view.node)
    panel.placeColumn()
    view.title.focus({ preventScroll: true })
    this.result.scrollIntoView({ block: 'start' })
    const again = () => this.start({ name, scope, on, body, files, form, top })
    const request = { ...body, save }
    return run({ view, path: '/v1/' + { summary: 'summaries', report: 'reports', reply: 'replies' }[this.task],
      body: files.length ? api.form(request, files) : request, busy: form.busy, retry: again,
      actions: a => a.draft ? [button('초안 고치기', () => go(draftAt(a.draft.id)), 'primary')] : [] })
  }
}

// failed is a banner for what could not be fetched, with its next step.
export function failed(e, retry) {
  return el('section', { class: 'outcome', 'data-kind': 'error', 'aria-label': t('처리 결과') },
    el('p', {}, el('strong', {}, t('처리하지 못했습니다'), ': '), api.explain(e)),
    el('div', { class: 'actions' }, button('다시 시도', retry)))
}
