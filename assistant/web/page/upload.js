// Files on their way into the library: each its own request, job and result.
import { button, el, errorLine, hint, say, t } from './dom.js'
import * as api from './api.js'
import { bytes, dropZone, field, fileField, select } from './fields.js'
import { recall, remember } from './settings.js'
import { grades, kinds } from './text.js'

// uploader is the form for adding documents; done() is called when files have come in.
export function uploader(service, done) {
  const last = recall('upload') ?? {}
  const kind = select([['', t('문서에 적힌 대로')], ...Object.keys(kinds).map(k => [k, t(kinds[k])])], last.kind)
  const all = Object.entries(grades)
  const mine = all.slice(0, all.findIndex(g => g[0] === service.who.grade) + 1)
  const grade = select(mine.map(([v, w]) => [v, t(w)]), last.grade)
  const groups = ['public', ...(service.who.groups ?? [])]
  const readers = el('fieldset', { class: 'radios' }, el('legend', {}, t('열람 대상')), groups.map(g => el('label', {},
    el('input', { type: 'checkbox', value: g, checked: (last.readers ?? []).includes(g) }), ' ', g === 'public' ? t('모두') : g)))
  const error = errorLine()
  const rows = el('ul', { class: 'uploads' })
  const sum = hint()
  let queue = [], running = false, tally = {}

  // add takes files of which readers and grade are clear.
  const add = files => {
    const chosen = [...readers.querySelectorAll(':checked')].map(c => c.value)
    error.tell(!chosen.length ? t('열람 대상이 없으면 아무도 볼 수 없습니다. 열람 대상을 정해 주세요.') : files.some(f => f.size > service.upload_bytes) ? t('파일 하나는 {size}까지 올릴 수 있습니다.', { size: bytes(service.upload_bytes) }) : '')
    if (!error.hidden) return readers.querySelector('input').focus()
    const request = { readers: chosen, grade: grade.value, kind: kind.value || undefined }
    remember('upload', { kind: kind.value, grade: grade.value, readers: chosen })
    queue.push(...files.map(file => ({ file, request, node: line(file) })))
    rows.append(...queue.filter(q => !q.node.isConnected).map(q => q.node))
    run()
  }
  const line = file => el('li', {}, el('strong', { class: 'word' }, t('대기')), el('span', { class: 'name', lang: 'ko' }, file.name), el('span', { class: 'more' }))
  const tell = (one, word, ...more) => {
    one.node.dataset.state = word
    one.node.querySelector('.word').textContent = t(word)
    one.node.querySelector('.more').replaceChildren(...more)
  }
  const run = async () => {
    if (running) return
    running = true
    tally = { 완료: 0, 일부: 0, 건너뜀: 0, 실패: 0 }
    const block = e => e.preventDefault()
    addEventListener('beforeunload', block)
    while (queue.length) await one(queue.shift())
    removeEventListener('beforeunload', block)
    running = false
    const n = Object.values(tally).reduce((a, b) => a + b)
    sum.textContent = t('{n}건 중', { n }) + ' ' + Object.entries(tally).filter(([w, k]) => k || w !== '건너뜀').map(([w, k]) => `${t(w)} ${k}`).join(', ')
    say(sum.textContent)
    done()
  }
  const one = async q => {
    const end = (word, ...more) => { tally[word]++; tell(q, word, ...more) }
    const again = () => button('다시 올리기', () => { queue.push(q); tell(q, '대기'); run() }, 'small')
    const bar = el('progress', { 'aria-label': t('올리기') + ': ' + q.file.name, max: '1' })
    const stop = new AbortController()
    try {
      tell(q, '올리는 중', bar, button('취소', () => stop.abort(), 'quiet small'))
      let job = await api.upload('/v1/documents', api.form(q.request, [q.file]), p => { bar.value = p }, stop.signal)
      bar.removeAttribute('value')
      tell(q, '읽는 중', bar, el('span', { class: 'hint' }))
      for await (const e of api.follow('/v1/jobs/' + job.id, stop.signal)) {
        job = e.data
        if (job.progress?.chunks && bar.nextSibling) bar.nextSibling.textContent = t('검색 단위 {n}개', { n: job.progress.chunks })
      }
      const r = job.report ?? {}
      const bad = r.failed?.[0]
      if (bad || job.state !== 'done') end('실패', el('span', { lang: 'ko' }, bad ? `${bad.reason} ${bad.next}` : job.error ?? t('중지했습니다')), again())
      else if (r.duplicates?.length) end('건너뜀', t('같은 파일이 있어 건너뛰었습니다.'))
      else if (r.warnings?.length) end('일부', el('span', { lang: 'ko' }, r.warnings.join(' ')))
      else end('완료', r.words_only ? t('의미 검색 없이 단어로만 찾을 수 있습니다.') : '')
    } catch (e) {
      end('실패', e.name === 'AbortError' ? t('중지했습니다') : api.explain(e), again())
    }
  }
  const box = el('details', { class: 'card upload' }, el('summary', {}, el('h2', {}, t('파일 올리기'))),
    el('div', { class: 'options' }, readers, field(t('보안등급'), grade), field(t('문서 종류'), kind)),
    fileField(t('올릴 파일'), add, t('끌어다 놓아도 됩니다. HWP, HWPX, PDF, DOCX 등. 고르면 바로 올립니다.'), { multiple: true, archives: true }), error, sum, rows)
  dropZone(box, files => { box.open = true; add(files) })
  return box
}
