// English words of the views for work: summary, report, reply, drafts, documents,
// administration.
export default {}
