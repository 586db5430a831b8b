// The view 관리: what the service works with, jobs, files that failed, figures
// without content.
import { button, el, heading, hint, save, say, t } from './dom.js'
import * as api from './api.js'
import * as panel from './panel.js'
import { failed } from './task.js'
import { clock, stamp } from './text.js'

const jobStates = { queued: '대기', running: '읽는 중', done: '완료', failed: '실패', canceled: '중지했습니다' }
const jobKinds = { add: '파일 올리기', reingest: '다시 읽기', remove: '문서 삭제' }
const fileStates = { failed: '실패', warnings: '일부', new: '대기', done: '완료', unchanged: '그대로' }
const taskNames = { search: '검색', answers: '질문', answer: '질문', summaries: '요약', reports: '보고서', replies: '민원 답변' }
let timer = 0

export function show(section, params, service) {
  panel.clear()
  section.classList.remove('narrow')
  clearInterval(timer)
  const at = el('span', { class: 'hint' })
  const body = el('div', { class: 'stack' })
  const auto = el('label', { class: 'check' }, el('input', { type: 'checkbox', change: e => {
    clearInterval(timer)
    if (e.target.checked) timer = setInterval(() => body.isConnected && location.pathname === '/admin' ? load() : clearInterval(timer), 30000)
  } }), t('30초마다 새로 고침'))
  const load = async () => {
    const parts = await Promise.all([state(), jobs(load), files(), usage()].map(p => p.catch(e => failed(e, load))))
    body.replaceChildren(...parts, keys())
    at.textContent = clock(Date.now())
  }
  section.replaceChildren(heading(t('관리')),
    el('div', { class: 'actions' }, button('새로 고침', async () => { await load(); say(t('새로 고쳤습니다.')) }, 'primary'), auto, at), body)
  return load()
}

const part = (title, ...nodes) => el('section', { class: 'chapter' }, el('h2', {}, title), ...nodes)

async function state() {
  const s = await api.status()
  const row = (name, word, good, what) => el('div', {}, el('dt', {}, t(name)), el('dd', {}, el('strong', { class: good ? 'good' : 'bad' }, (good ? '✓ ' : '! ') + t(word)), ' ', what))
  return part(t('상태'), el('dl', { class: 'facts status' },
    row('모델', s.model_ok ? '정상' : s.model ? '중단' : '없음', s.model_ok, s.model ? s.model + (s.model_ok ? '' : ', ' + t('발췌로 답합니다. 모델 서버를 확인해 주세요.')) : t('발췌로 답합니다. --model-url로 정합니다.')),
    row('임베딩', s.embedder_ok ? '정상' : s.embedder ? '중단' : '없음', s.embedder_ok, s.embedder_ok ? s.embedder : t('단어 검색으로 동작합니다.')),
    row('색인', '정상', true, t('볼 수 있는 문서 {n}건', { n: s.documents.toLocaleString() })), el('div', {}, el('dt', {}, t('버전')), el('dd', {}, s.version))))
}

const table = (caption, heads, rows) => el('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': caption }, el('table', { class: 'figures' }, el('caption', { class: 'vh' }, caption),
  el('thead', {}, el('tr', {}, heads.map(h => el('th', { scope: 'col' }, t(h))))), el('tbody', {}, rows.map(r => el('tr', {}, r.map((c, i) => el(i ? 'td' : 'th', i ? {} : { scope: 'row' }, c)))))))

async function jobs(again) {
  const all = (await api.get('/v1/jobs?limit=20')).jobs
  const result = j => {
    const r = j.report
    const p = j.progress
    if (j.state === 'running' && p) return [el('progress', { 'aria-label': t('진행'), max: p.total || 1, value: p.done }), ` ${p.done}/${p.total}` + (p.left ? ', ' + t('약 {n}초 남음', { n: p.left }) : '')]
    return [j.error, r && t('추가 {a}, 바뀜 {b}, 삭제 {c}, 실패 {d}', { a: r.added, b: r.changed, c: r.removed, d: r.failed.length })].filter(Boolean).join(' ')
  }
  return part(t('작업 현황'), !all.length ? hint(t('작업이 없습니다.')) : table(t('작업 현황'), ['시작', '작업', '상태', '결과'], all.map(j => [el('span', { class: 'nb' }, stamp(j.created)), el('span', { class: 'nb' }, t(jobKinds[j.kind])), el('span', { class: 'nb' }, t(jobStates[j.state])),
    [result(j), ['queued', 'running'].includes(j.state) ? button('중지', () => stop(j, again), 'small') : ''].flat()])))
}

// stop cancels a job, which takes a while to clear up: it is shown again at its end, too.
async function stop(job, again) {
  try {
    await api.del('/v1/jobs/' + job.id)
    await again()
    for await (const e of api.follow('/v1/jobs/' + job.id)) void e
  } catch {} // what became of it is shown
  again()
}

async function files() {
  const [all, bad] = await Promise.all([api.get('/v1/files?limit=1'), api.get('/v1/files?state=failed&limit=200')])
  return part(t('파일'), el('p', {}, Object.entries(all.counts).map(([k, n]) => `${t(fileStates[k])} ${n.toLocaleString()}`).join(', ')), el('h3', {}, t('실패한 파일')),
    !bad.files.length ? hint(t('실패한 파일이 없습니다.')) : [table(t('실패한 파일'), ['파일', '이유와 다음 할 일', '읽은 때'], bad.files.map(f => [el('span', { class: 'name', lang: 'ko' }, f.path), el('span', { lang: 'ko' }, `${f.reason ?? ''} ${f.next ?? ''}`), el('span', { class: 'nb' }, stamp(f.read))])),
      button('목록 내려받기', () => save(new Blob(['\ufeff' + bad.files.map(f => [f.path, f.reason, f.next].map(v => `"${(v ?? '').replaceAll('"', '""')}"`).join(',')).join('\r\n')], { type: 'text/csv' }), 'failed-files.csv'))])
}

// usage counts tasks and outcomes since the start, from the figures for Prometheus.
async function usage() {
  const more = el('div', { class: 'actions' }, button('의견 모두 내려받기', async () => { const f = await api.file('/v1/feedback'); save(f.blob, f.name || 'feedback.jsonl') }))
  const text = await api.call('GET', '/metrics', undefined, { headers: { Accept: 'text/plain' } }).then(r => r.text()).catch(() => '')
  const rows = [...text.matchAll(/^biseo_tasks_total\{outcome="(\w+)",task="([\w/]+)"\} (\d+)/gm)].map(([, outcome, task, n]) => [t(taskNames[task] ?? task), outcome, n])
  return part(t('이용 현황(내용 제외)'), hint(!text ? t('이 서비스는 이용 수치를 내지 않습니다(biseo serve에서 /metrics).') : rows.length ? t('서비스를 시작한 뒤의 횟수입니다.') : t('아직 이용이 없습니다.')),
    rows.length ? table(t('이용 현황(내용 제외)'), ['업무', '결과', '횟수'], rows) : '', more)
}

function keys() {
  return part(t('인증키'), el('p', {}, t('인증키는 서버의 명령줄에서 만들고 폐지합니다.')), el('pre', { tabindex: '0', 'aria-label': t('명령') }, 'biseo key create --name NAME --allow read,ask,draft\nbiseo key list\nbiseo key revoke ID'))
}
