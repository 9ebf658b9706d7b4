package sso

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Limits of a claim path: providers nest an e-mail once or twice.
const (
	maxClaimPath  = 200 // bytes
	maxClaimSteps = 8
)

// claimStep is one step of a path: the claim of a name, or the n-th of a list when name is "".
type claimStep struct {
	name  string
	index int
}

// claimPath leads to one value inside a document of claims: email, emails[0], emails.0, user.mail
// or ["https://example.com/mail"]. It is no expression: it cannot choose, join or compute.
type claimPath []claimStep

var (
	pathName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*`)
	pathIndex  = regexp.MustCompile(`^(?:\[(0|[1-9][0-9]?)\]|\.(0|[1-9][0-9]?)(?:[.\[]|$))`)
	pathQuoted = regexp.MustCompile(`^\["([!#-\[\]-~]+)"\]`) // printable ASCII without a space, " and \
)

// parseClaimPath reads a path; wrong says to a merchant what cannot be read.
func parseClaimPath(text string) (path claimPath, wrong string) {
	if len(text) > maxClaimPath {
		return nil, fmt.Sprintf("is longer than %d characters", maxClaimPath)
	}
	for rest := text; rest != "" || len(path) == 0; {
		if len(path) == maxClaimSteps {
			return nil, fmt.Sprintf("has more than %d parts", maxClaimSteps)
		}
		step, n := firstStep(rest, len(path) == 0)
		if n == 0 {
			return nil, `is not the place of a claim: write a name such as email, emails[0] for the first of a list, user.mail, or ["https://example.com/mail"]`
		}
		path, rest = append(path, step), rest[n:]
	}
	return path, ""
}

// firstStep reads one step off a path, n bytes long; n is 0 if there is none.
func firstStep(text string, first bool) (step claimStep, n int) {
	if m := pathQuoted.FindStringSubmatch(text); m != nil {
		return claimStep{name: m[1]}, len(m[0])
	}
	if first {
		name := pathName.FindString(text)
		return claimStep{name: name}, len(name)
	}
	if m := pathIndex.FindStringSubmatch(text); m != nil {
		digits := m[1] + m[2]
		index, _ := strconv.Atoi(digits) // two digits at most
		if m[1] != "" {
			return claimStep{index: index}, len(digits) + len("[]")
		}
		return claimStep{index: index}, len(digits) + len(".")
	}
	if after, ok := strings.CutPrefix(text, "."); ok {
		if name := pathName.FindString(after); name != "" {
			return claimStep{name: name}, len(name) + len(".")
		}
	}
	return claimStep{}, 0
}

// root is the claim that the path begins in.
func (p claimPath) root() string { return p[0].name }

// text returns the text that the path leads to in claims, without spaces around; "" if there is no
// text.
func (p claimPath) text(claims map[string]any) string {
	var at any = claims
	for _, step := range p {
		switch v := at.(type) {
		case map[string]any:
			if at = nil; step.name != "" {
				at = v[step.name]
			}
		case []any:
			if at = nil; step.name == "" && step.index < len(v) {
				at = v[step.index]
			}
		default:
			return ""
		}
	}
	s, _ := at.(string)
	return strings.TrimSpace(s)
}
