package source

const maxChoices = 100 // of each kind that people are offered

// What Found.Ask asks.
const (
	AskEncoding = "encoding"
	AskSheet    = "sheet"
	AskMember   = "member"
)

// Choice is a part of a file that may be read: a sheet, a path to records, a file in an archive.
type Choice struct {
	Name     string   `json:"name"`
	Hidden   bool     `json:"hidden"`   // a sheet that people do not see
	Count    int64    `json:"count"`    // records of a path in the part that was looked at; 0 if not counted
	Examples []string `json:"examples"` // the first names of its columns
}

// choiceOf is the choice of what has these columns.
func choiceOf(name string, columns []string, hidden bool) Choice {
	c := Choice{Name: name, Hidden: hidden, Examples: []string{}}
	for _, s := range columns {
		if s != "" && len(c.Examples) < maxExamples {
			c.Examples = append(c.Examples, shorten(s))
		}
	}
	return c
}

func namesOf(choices []Choice) []string {
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = c.Name
	}
	return names
}
