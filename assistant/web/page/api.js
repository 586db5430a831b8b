// Calls of the service.
import { t } from './dom.js'

// A Problem is an error that the service explained: code, detail (Korean), fields
// [{field, detail}], status, id of the request, after (seconds to wait, if any).
export class Problem extends Error {
  constructor(body, status) {
    super(body.code || 'unknown')
    Object.assign(this, { code: body.code, detail: body.detail, fields: body.errors || [], id: body.trace_id, after: body.retry_after, status })
  }
}

// Lost: the service did not answer, or stopped in the middle of an answer.
export class Lost extends Error {}

// explain words an error: what happened and what to do.
export function explain(e) {
  if (e instanceof Lost) {
    document.dispatchEvent(new Event('lost'))
    return t('연결이 끊겼습니다. 입력한 내용은 그대로 있습니다. 다시 시도해 주세요.')
  }
  if (e instanceof Problem && e.status === 401) return t('로그인이 만료되었습니다. 새 창에서 로그인하면 작성하던 내용으로 돌아옵니다.')
  if (e instanceof Problem && e.detail) {
    return [e.detail, ...e.fields.map(f => f.detail).filter(d => d !== e.detail)].join(' ') + (e.code === 'internal' ? ' ' + t('문의 번호: {id}', { id: e.id }) : '')
  }
  console.error(e)
  return t('처리하지 못했습니다. 입력한 내용은 그대로 있습니다. 다시 시도해 주세요.')
}

// used is when the service last heard of this login; the other windows tell when they ask.
export let used = 0
const windows = new BroadcastChannel('used')
windows.onmessage = () => { used = Date.now() }

// call sends one request and returns its response, if that is no error. An object
// is sent as JSON, FormData as it is. Who is not logged in any more is told so by
// the event expired.
export async function call(method, path, body, { signal, headers } = {}) {
  const init = { method, signal, headers: { Accept: 'application/json', ...headers } }
  if (body instanceof FormData) init.body = body
  else if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers['Content-Type'] = 'application/json'
  }
  const asked = Date.now()
  let res
  try {
    res = await fetch(path, init)
  } catch (e) {
    throw e.name === 'AbortError' ? e : new Lost()
  }
  if (res.status !== 401 && path.startsWith('/v1/')) {
    used = asked
    windows.postMessage('')
  }
  if (!res.ok) throw fail(await res.json().catch(() => ({})), res.status)
  return res
}

function fail(body, status) {
  if (status === 401) document.dispatchEvent(new Event('expired'))
  return new Problem(body, status)
}

const json = async res => res.status === 204 ? null : res.json()

// get, post, put and del return what the service answers, read from JSON.
export const get = async (path, o) => json(await call('GET', path, undefined, o))
export const post = async (path, body, o) => json(await call('POST', path, body, o))
export const put = async (path, body, o) => json(await call('PUT', path, body, o))
export const del = async (path, o) => json(await call('DELETE', path, undefined, o))

// once is a header that keeps a repeated request from being done twice.
export const once = () => ({ 'Idempotency-Key': Array.from(crypto.getRandomValues(new Uint32Array(4)), n => n.toString(36)).join('-') })

// form is a multipart body: the request and its files.
export function form(request, files) {
  const f = new FormData()
  f.append('request', JSON.stringify(request))
  for (const file of files) f.append('files', file, file.name)
  return f
}

// upload posts a form and tells its progress from 0 to 1, which fetch cannot.
export function upload(path, body, progress, signal) {
  return new Promise((done, failed) => {
    const x = new XMLHttpRequest()
    x.open('POST', path)
    x.responseType = 'json'
    x.setRequestHeader('Accept', 'application/json')
    x.upload.addEventListener('progress', e => e.lengthComputable && progress?.(e.loaded / e.total))
    x.addEventListener('load', () => x.status < 300 ? done(x.response) : failed(fail(x.response ?? {}, x.status)))
    x.addEventListener('error', () => failed(new Lost()))
    x.addEventListener('abort', () => failed(new DOMException('', 'AbortError')))
    signal?.addEventListener('abort', () => x.abort())
    x.send(body)
  })
}

// file fetches a file: {blob, name}.
export async function file(path, body) {
  const res = await call(body ? 'POST' : 'GET', path, body, { headers: { Accept: '*/*' } })
  const said = res.headers.get('Content-Disposition') ?? ''
  const name = /filename\*=UTF-8''([^;]+)/i.exec(said)?.[1] ?? /filename="?([^";]+)/i.exec(said)?.[1] ?? ''
  let read = name
  try { read = decodeURIComponent(name) } catch { /* not encoded */ }
  return { blob: await res.blob(), name: read }
}

export const status = () => get('/v1/status')
export const alive = async () => (await call('GET', '/healthz')).ok
export const search = (req, signal) => post('/v1/search', req, { signal })
export const passages = async (id, on, around) =>
  (await get(`/v1/passages/${encodeURIComponent(id)}?on=${on}&around=${around}`)).sources

// of is the address of a document.
export const of = id => '/v1/documents/' + encodeURIComponent(id.replaceAll('~', '~0').replaceAll('/', '~1'))

const patience = 20000 // milliseconds in which a cut stream is taken up again

// stream posts a task and yields its events as {name, data}, the last one being
// done. A stream that is cut goes on where it was: then cut and resumed come in
// between. It throws Problem, Lost or AbortError.
export async function* stream(path, body, signal) {
  let res = await call('POST', path, body, { signal, headers: { Accept: 'text/event-stream' } })
  const id = res.headers.get('Biseo-Stream')
  let last = 0
  for (;;) {
    try {
      for await (const e of events(res, signal)) {
        last = e.id || last
        if (e.name === 'error') throw new Problem(e.data, e.data.status)
        yield e
        if (e.name === 'done') return
      }
      throw new Lost()
    } catch (e) {
      if (!(e instanceof Lost) || !id) throw e
    }
    yield { name: 'cut' }
    res = await again(`/v1/streams/${encodeURIComponent(id)}`, last, signal)
    yield { name: 'resumed' }
  }
}

async function again(path, last, signal) {
  const until = Date.now() + patience
  for (let wait = 250; ; wait = Math.min(wait * 2, 2000)) {
    try {
      return await call('GET', path, undefined, { signal, headers: { Accept: 'text/event-stream', ...(last && { 'Last-Event-ID': String(last) }) } })
    } catch (e) {
      if (e instanceof Problem) throw e.status === 401 ? e : new Lost() // the events are gone
      if (!(e instanceof Lost) || Date.now() > until) throw e
    }
    await new Promise(done => setTimeout(done, wait))
    signal?.throwIfAborted()
  }
}

// follow yields the events of GET path, such as a job, until the stream ends.
export async function* follow(path, signal) {
  yield* events(await call('GET', path, undefined, { signal, headers: { Accept: 'text/event-stream' } }), signal)
}

async function* events(res, signal) {
  const reader = res.body.pipeThrough(new TextDecoderStream()).getReader()
  let buffer = ''
  for (;;) {
    let part
    try {
      part = await reader.read()
    } catch (e) {
      throw e.name === 'AbortError' || signal?.aborted ? new DOMException('', 'AbortError') : new Lost()
    }
    if (part.done) return
    buffer += part.value
    const blocks = buffer.split('\n\n')
    buffer = blocks.pop()
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map(line => {
        const i = line.indexOf(': ')
        return [line.slice(0, i), line.slice(i + 2)]
      }))
      if (fields.event) yield { name: fields.event, id: Number(fields.id), data: JSON.parse(fields.data) } // else a comment
    }
  }
}
