package index

// A Kind is a kind of document.
type Kind struct {
	Name   string // as Doc.Kind and Scope.Kinds hold it
	Korean string // as officials read it
	Law    bool   // consists of articles (조) and comes into force (시행)
}

// Kinds returns the kinds of document in the order in which they are shown: law
// from the highest to the lowest, then what offices write.
func Kinds() []Kind {
	return []Kind{
		{"law", "법률", true},
		{"decree", "대통령령", true},
		{"rule", "부령", true},
		{"directive", "훈령ㆍ예규", true},
		{"ordinance", "자치법규", true},
		{"plan", "계획", false},
		{"report", "보고", false},
		{"reply", "민원답변", false},
		{"guide", "지침", false},
		{"press", "보도자료", false},
		{"other", "그 밖의 문서", false},
	}
}

// KindNames returns the names of [Kinds], in their order.
func KindNames() []string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// IsLaw reports whether documents of the kind of that name are law.
func IsLaw(name string) bool {
	for _, k := range Kinds() {
		if k.Name == name {
			return k.Law
		}
	}
	return false
}
