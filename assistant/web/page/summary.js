// The task 요약: documents of the library or files, how long, for whom.
import { el, t } from './dom.js'
import * as api from './api.js'
import { asOf, dateField, examples, field, Picker, radios, taskForm } from './fields.js'
import { recall, remember } from './settings.js'
import { TaskView } from './task.js'
import { noDate, offers } from './text.js'

const view = new TaskView('summary', '요약', '문서를 골라 요점만 간추립니다. 문장마다 근거 자리를 함께 보여 드립니다.', build)

export const show = view.show.bind(view)

async function build(view, offered, service) {
  const last = recall('summary') ?? {}
  const pick = new Picker(service, { legend: t('요약할 문서 (필수)') })
  const length = radios(t('분량'), offered.lengths.map(l => [l.name, l.label]), last.length ?? 'brief')
  const style = radios(t('문체'), [['items', t('개조식')], ['prose', t('서술식')]], last.style)
  const audience = el('input', { maxlength: '50', autocomplete: 'off', list: 'audiences', value: last.audience ?? '' })
  const on = dateField(t('기준일'), asOf)
  const form = taskForm([pick.node, el('div', { class: 'options' }, length, style),
    el('div', { class: 'options' }, field(t('보고 대상 (선택)'), audience), on,
      el('datalist', { id: 'audiences' }, t('시장 부시장 국장 과장 시민').split(' ').map(a => el('option', { value: a }))))], t('요약하기'), () => {
    if (!pick.ids.length && !pick.files.length) return { control: pick.words.isConnected ? pick.words : pick.input, text: t('요약할 문서나 파일을 하나 이상 골라 주세요.') }
    if (on.day === null) return { control: on.input, text: t(noDate) }
    remember('summary', { length: length.value, style: style.value, audience: audience.value.trim() })
    const names = [...pick.docs.values(), ...pick.files.map(f => f.name)]
    view.start({ form, files: pick.files, on: on.day || service.today, name: names.length > 1 ? t('{name} 외 {n}건', { name: names[0], n: names.length - 1 }) : names[0],
      scope: asOf(on.day || service.today), body: { docs: pick.ids, length: length.value, prose: style.value === 'prose', audience: audience.value.trim(), on: on.day || undefined } })
  })
  const some = offers(service, 'documents') ? (await api.get('/v1/documents?kind=plan,report,press&limit=3').catch(() => ({ documents: [] }))).documents : []
  return [form, examples(some.map(d => [d.title, () => { pick.add(d); form.querySelector('.primary').focus() }]))]
}
