package values

import "strings"

// yes and no in the languages of shops, and as databases have them. A word is in one of them only.
const (
	yesWords = "true yes y t 1 -1 on enabled active ja j wahr oui vrai sí si s verdadero cierto sì vero sim verdadeiro waar да д истина так ano tak prawda igen igaz da adevărat kyllä tosi evet doğru " +
		"ναι αληθές כן نعم 是 真 有 はい 예 네 có đúng benar ya taip jā हाँ"
	noWords = "false no n f 0 off disabled inactive nein falsch nei ne nē non faux falso não nao nee onwaar нет н не ложь ні nie fałsz nem hamis nej falsk nu fals ei epätosi hayır yanlış " +
		"όχι ψευδές לא لا 否 假 无 無 いいえ 아니오 아니요 không sai salah tidak नहीं"
)

var boolWords = make(map[string]bool)

func init() {
	for _, w := range strings.Fields(yesWords) {
		boolWords[w] = true
	}
	for _, w := range strings.Fields(noWords) {
		boolWords[w] = false
	}
}

// longestBool is the longest word, in bytes.
const longestBool = 24

// Bool reads yes and no. ok is false for what is neither.
func Bool(s string) (value, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) > longestBool {
		return false, false
	}
	value, ok = boolWords[strings.ToLower(Line(s))]
	return value, ok
}
