// The task 보고서: a topic and a template, with facts that only the official knows.
import { el, t } from './dom.js'
import * as api from './api.js'
import { asOf, dateField, examples, field, Picker, select, taskForm } from './fields.js'
import { recall, remember } from './settings.js'
import { TaskView } from './task.js'
import { noDate, offers } from './text.js'

const view = new TaskView('report', '보고서', '주제와 서식을 고르면 문서에서 근거를 찾아 보고서 초안을 만듭니다. 자료에 없는 곳은 작성 필요로 남깁니다.', build)

export const show = view.show.bind(view)

async function build(view, offered, service) {
  const topic = el('input', { maxlength: '2000', autocomplete: 'off', class: 'wide' })
  const template = select(offered.reports.map(r => [r.name, r.name]), recall('report')?.template ?? `검토보고`)
  const about = el('p', { class: 'hint', lang: 'ko' })
  const tell = () => { about.textContent = offered.reports.find(r => r.name === template.value)?.about ?? '' }
  template.addEventListener('change', tell)
  tell()
  const notes = el('textarea', { rows: '3', maxlength: '20000' })
  const on = dateField(t('기준일'), asOf)
  const pick = new Picker(service, { legend: t('참고 문서'), help: t('고르지 않으면 볼 수 있는 문서 전체에서 찾습니다.') })
  const more = el('details', { class: 'more' }, el('summary', {}, t('선택 사항: 직접 아는 내용, 참고 문서')),
    field(t('직접 아는 내용'), notes, t('문서에 없는 사실을 한 줄에 하나씩 적어 주세요. “검토 의견: …”처럼 쓰면 그 항목에 들어갑니다.')), pick.node)
  const form = taskForm([field(t('주제 (필수)'), topic),
    el('div', { class: 'options' }, el('div', { class: 'field grow' }, ...field(t('서식'), template).childNodes, about), on), more], t('초안 만들기'), () => {
    if (!topic.value.trim()) return { control: topic, text: t('보고서의 주제를 입력해 주세요.') }
    if (on.day === null) return { control: on.input, text: t(noDate) }
    remember('report', { template: template.value })
    view.start({ form, files: pick.files, on: on.day || service.today, name: topic.value.trim(), scope: `${template.value}, ${asOf(on.day || service.today)}`,
      body: { topic: topic.value.trim(), template: template.value, notes: notes.value.trim(), docs: pick.ids, on: on.day || undefined } })
  })
  const some = offers(service, 'documents') ? (await api.get('/v1/documents?kind=plan,guide&limit=3').catch(() => ({ documents: [] }))).documents : []
  return [form, examples(some.map(d => [d.title, () => { topic.value = d.title; topic.focus() }]))]
}
