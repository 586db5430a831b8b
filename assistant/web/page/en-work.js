// English of the views 요약, 보고서, 민원 답변, 초안, 문서, 관리; see en.js.
export default {
}
