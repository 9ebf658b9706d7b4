package prices

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/expression"
	"sluice/jobs/upsert"
)

// audience is to whom a price list is assigned: a customer group, the shoppers of a channel, or a
// group on a channel. Each is a name or an id, "" for none.
type audience struct{ group, channel string }

const audienceForm = `write "group:Dealers", "channel:1" or "group:Dealers on channel:Outlet", separated by semicolons`

// String is the one form of an audience's text.
func (a audience) String() string {
	switch {
	case a.channel == "":
		return "group:" + a.group
	case a.group == "":
		return "channel:" + a.channel
	}
	return "group:" + a.group + " on channel:" + a.channel
}

// parseAudiences reads to whom an option assigns a price list. problem is what is wrong, for
// people.
func parseAudiences(text string) (out []audience, problem string) {
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		a, ok := parseAudience(part)
		if !ok {
			return nil, expression.Quote(part) + " is no customer group or channel: " + audienceForm
		}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return nil, audienceForm
	}
	return out, ""
}

func parseAudience(part string) (a audience, ok bool) {
	if channel, ok := cutWord(part, "channel:"); ok {
		return audience{channel: channel}, channel != ""
	}
	group, ok := cutWord(part, "group:")
	if !ok {
		return audience{}, false
	}
	a.group, group = group, " "+group
	if at := strings.LastIndex(strings.ToLower(group), " on channel:"); at >= 0 {
		a.group, a.channel = strings.TrimSpace(group[:at]), strings.TrimSpace(group[at+len(" on channel:"):])
		return a, a.group != "" && a.channel != ""
	}
	return a, a.group != ""
}

// cutWord takes a word, in any letter case, from the beginning of s.
func cutWord(s, word string) (rest string, ok bool) {
	if len(s) < len(word) || !strings.EqualFold(s[:len(word)], word) {
		return "", false
	}
	return strings.TrimSpace(s[len(word):]), true
}

// assigned is the option that assigns price lists, by folded name of the list.
type assigned map[string][]audience

// parseAssigned reads the option. problem is what is wrong, for people.
func parseAssigned(option any) (out assigned, problem string) {
	pairs, _ := option.(map[string]any)
	out = make(assigned, len(pairs))
	for list, v := range pairs {
		who, problem := parseAudiences(upsert.Text(v))
		if problem != "" {
			return nil, fmt.Sprintf("price list %s: %s", expression.Quote(list), problem)
		}
		if upsert.Fold(list) == "" {
			return nil, "give the name of a price list: " + audienceForm
		}
		out[upsert.Fold(list)] = who
	}
	return out, ""
}
