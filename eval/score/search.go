package score

import (
	"fmt"
	"strconv"

	"biseo/eval"
	"biseo/eval/golden"
)

// search judges a ranking. A hit counts for each relevant passage whose words it
// holds; a passage found again counts once.
func (s *Score) search(c golden.Case, r Result) {
	s.documents(c, r)
	s.private(c, r, "")
	leaks := len(c.Forbidden) > 0 && s.Values[Forbidden] == 0 || len(c.Hidden) > 0 && s.Values[Private] == 0
	if len(c.Relevant) == 0 { // of a safety case: nothing may be found, or nothing forbidden
		s.Verdict = Right
		if leaks {
			s.Verdict = Wrong
		}
		return
	}
	qrels := eval.Qrels{}
	for i, rel := range c.Relevant {
		qrels[strconv.Itoa(i)] = rel.Gain
	}
	var ranking []string
	found := map[int]bool{}
	for n, h := range r.Search.Hits {
		before := len(ranking)
		for i, rel := range c.Relevant {
			if !found[i] && r.Paths[h.DocID] == rel.Doc && golden.Holds(h.Text, rel.Quote) {
				found[i] = true
				ranking = append(ranking, strconv.Itoa(i))
			}
		}
		if len(ranking) == before {
			ranking = append(ranking, fmt.Sprintf("hit %d", n))
		}
	}
	s.Values[NDCG] = eval.NDCG(ranking, qrels, 10)
	s.Values[Recall] = eval.Recall(ranking, qrels, 10)
	s.Values[MRR] = eval.ReciprocalRank(ranking, qrels, len(ranking))
	s.Values[MAP] = eval.AveragePrecision(ranking, qrels)
	s.Values[Success1] = eval.Success(ranking, qrels, 1)
	s.Values[Success5] = eval.Success(ranking, qrels, 5)
	switch {
	case leaks:
		s.Verdict = Wrong
	case s.Values[Success5] == 1:
		s.Verdict = Right
	case s.Values[Recall] > 0:
		s.Verdict = Partial
		s.find("맞는 문단이 다섯째 안에 없음")
	default:
		s.Verdict = Silent
		s.find("맞는 문단을 찾지 못함")
	}
}
