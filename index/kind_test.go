package index

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKinds(t *testing.T) {
	var laws []string
	for _, k := range Kinds() {
		if IsLaw(k.Name) {
			laws = append(laws, k.Name)
		}
		if k.Korean == "" {
			t.Errorf("%s has no Korean name", k.Name)
		}
	}
	if diff := cmp.Diff([]string{"law", "decree", "rule", "directive", "ordinance"}, laws); diff != "" {
		t.Errorf("law (-want +got):\n%s", diff)
	}
	if IsLaw("") || IsLaw("법률") {
		t.Error("IsLaw takes what is no name of a kind")
	}
}
