package source

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wlynxg/chardet"
)

// Reading is one of several texts that the bytes of a file may be.
type Reading struct {
	Encoding string   `json:"encoding"`
	Label    string   `json:"label"`
	Examples []string `json:"examples"` // words of the file, as they are then
}

const (
	maxReadings = 4
	maxExamples = 5
	guessBytes  = 64 << 10 // of words with bytes beyond ASCII, which readings are judged by

	wrongLetters = 0.1 // a reading with more letters that do not fit is none
	clearLead    = 0.3 // a reading is only taken without a question if others fit worse by so much
)

// guess returns the encoding of a sample that is not UTF-8. Without an encoding, the readings are
// what it may be, the likeliest first. charset is what the server declares, "" for nothing.
func guess(sample []byte, charset string) (name string, readings []Reading) {
	words := highWords(sample)
	if e, ok := encodingNamed(charset); ok && charset != encLatin1 {
		if _, whole := e.decode(words); whole {
			return charset, nil
		}
	}
	type candidate struct {
		Encoding
		text  string
		wrong float64
	}
	var all []candidate
	library := charsetNamed(chardet.Detect(sample).Charset)
	for _, e := range bytewise() {
		text, whole := e.decode(words)
		if !whole {
			continue
		}
		c := candidate{e, text, wrongness(text)}
		if e.wide {
			c.wrong = wideWrongness(text)
		}
		same := slices.IndexFunc(all, func(o candidate) bool { return o.text == text })
		if same < 0 {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		switch {
		case a.wrong < b.wrong:
			return -1
		case a.wrong > b.wrong:
			return 1
		case a.Name == library:
			return -1
		case b.Name == library:
			return 1
		}
		return 0
	})
	fit := slices.IndexFunc(all, func(c candidate) bool { return c.wrong > wrongLetters })
	if fit < 0 {
		fit = len(all)
	}
	clear := fit == 1 && (len(all) == 1 || all[1].wrong-all[0].wrong >= clearLead)
	// What a server declares as its default is worth something where it makes sense.
	if charset == encLatin1 && !clear && slices.ContainsFunc(all[:fit], func(c candidate) bool { return c.Name == encLatin1 }) {
		return encLatin1, nil
	}
	if clear {
		return all[0].Name, nil
	}
	for _, c := range all[:min(len(all), max(fit, 2), maxReadings)] {
		readings = append(readings, Reading{c.Name, c.Label, examples(c.text)})
	}
	return "", readings
}

// decode returns b as text, and whether every byte is a character of it.
func (e Encoding) decode(b []byte) (text string, whole bool) {
	out, err := e.code.NewDecoder().Bytes(b)
	if err != nil {
		return "", false
	}
	text = string(out)
	for _, c := range text {
		if c == utf8.RuneError || c >= utf8.RuneSelf && unicode.IsControl(c) || unicode.Is(unicode.Co, c) {
			return "", false
		}
	}
	return text, true
}

// highWords returns the runs of a sample between ASCII white space and punctuation that have bytes
// beyond ASCII, a line each.
func highWords(sample []byte) []byte {
	var out []byte
	// 0x40 to 0x7e may be the second half of a character, so only what no encoding has there ends a
	// run.
	for _, word := range bytes.FieldsFunc(sample, func(c rune) bool { return c < 0x30 && c != '\'' && c != '-' || c == ';' || c == 0x3c || c == 0x3e }) {
		if slices.ContainsFunc(word, func(c byte) bool { return c >= utf8.RuneSelf }) {
			if len(out)+len(word) > guessBytes {
				break
			}
			out = append(append(out, word...), '\n')
		}
	}
	return out
}

func examples(text string) []string {
	var out []string
	for word := range strings.Lines(text) {
		if word = shorten(strings.TrimSpace(word)); !slices.Contains(out, word) {
			out = append(out, word)
		}
		if len(out) == maxExamples {
			break
		}
	}
	return out
}

// alphabets are the letters of languages beyond a to z. The letters of a text in one language are
// all in one of them.
var alphabets = []string{
	"äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü", "àèéìíîòóùú", "áâãàçéêíóôõúü", "àçèéíïòóúü", "éèëïöüáíóúê", // de fr es it pt ca nl
	"åäöé", "æøåéòôóü", "áæðéíóöúýþ", "äöõüšž", // sv da/no is et
	"ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîșțşţ", "čćđšž", "ëç", // pl cs sk hu ro hr sq
	"çğıİöşüâîû", "āčēģīķļņšūž", "ąčęėįšųūž", "ġħżċàèìòù", // tr lv lt mt
	"абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "абвгдежзийклмнопрстуфхцчшщъьюя",
	"абвгдђежзијклљмнњопрстћуфхцчџш", "абвгдѓежзѕијклљмнњопрстќуфхцчџш", "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
	"αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ", "אבגדהוזחטיכךלמםנןסעפףצץקרשת", "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ",
	"กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦวศษสหฬอฮะาำเแโใไๅๆฯ",
}

// signs are characters beyond ASCII that stand in texts of any language. Those of inner may stand
// between two letters.
const (
	signs = "\u00a0€‚„…†‡‰‹›‘’“”•–—™¡¢£¥§©ª«®°±²³´µ·¹º»¼½¾¿×÷№≤≥≈∞√"
	inner = "’´·×\u00a0–—®™°/"
)

// wrongness is the share of a text's words that no language has so: letters of several alphabets,
// signs inside words, capitals after small letters, words of accented letters only.
func wrongness(text string) float64 {
	words, wrong := 0, 0
	letters := make(map[rune]int)
	total := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		words++
		if !oneWord(line) {
			wrong++
			continue
		}
		for _, c := range line {
			if c >= utf8.RuneSelf && unicode.IsLetter(c) {
				letters[unicode.ToLower(c)]++
				total++
			}
		}
	}
	if words == 0 {
		return 0
	}
	share := float64(wrong) / float64(words)
	if total == 0 {
		return share
	}
	least := total
	for _, alphabet := range alphabets {
		foreign := 0
		for c, n := range letters {
			if !strings.ContainsRune(alphabet, c) {
				foreign += n
			}
		}
		least = min(least, foreign)
	}
	return share + float64(least)/float64(total)
}

// oneWord reports whether a run of characters looks like words of a language.
func oneWord(s string) bool {
	chars := []rune(s)
	accents, plain, small := 0, 0, false
	var script *unicode.RangeTable
	for i, c := range chars {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsMark(c):
			if c >= utf8.RuneSelf && !strings.ContainsRune(signs, c) {
				return false
			}
			inside := i > 0 && i+1 < len(chars) && unicode.IsLetter(chars[i-1]) && unicode.IsLetter(chars[i+1])
			if c >= utf8.RuneSelf && inside && !strings.ContainsRune(inner, c) {
				return false
			}
			if accents > 2 && plain == 0 && script == unicode.Latin {
				return false
			}
			accents, plain, small, script = 0, 0, false, nil
			continue
		case unicode.IsUpper(c) && small && c >= utf8.RuneSelf:
			return false
		case unicode.IsUpper(c) && small && i > 0 && chars[i-1] >= utf8.RuneSelf:
			return false
		}
		if unicode.IsMark(c) {
			if script == unicode.Latin && c > 0x36f { // vowels of Arabic or Thai
				return false
			}
			continue
		}
		small = small || unicode.IsLower(c)
		is := scriptOf(c)
		if script != nil && script != is {
			return false
		}
		script = is
		if c < utf8.RuneSelf {
			plain++
		} else {
			accents++
		}
	}
	return accents <= 2 || plain > 0 || script != unicode.Latin
}

func scriptOf(c rune) *unicode.RangeTable {
	for _, t := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Hebrew, unicode.Arabic, unicode.Thai} {
		if unicode.Is(t, c) {
			return t
		}
	}
	return unicode.Han
}

// wideWrongness is wrongness of an East Asian text: the share of characters that are not everyday
// ones of one language, or stand inside European words.
func wideWrongness(text string) float64 {
	total, everyday := 0, 0
	kana, hangul := 0, 0
	chars := []rune(text)
	small := func(i int) bool { return i >= 0 && i < len(chars) && 'a' <= chars[i] && chars[i] <= 'z' }
	for i, c := range chars {
		if c < utf8.RuneSelf {
			continue
		}
		total++
		switch {
		case small(i-1) && small(i+1): // it is a letter of a European word
		case unicode.In(c, unicode.Hiragana, unicode.Katakana) && (c < 0xff61 || c > 0xff9f): // half-width ones are what other encodings look like
			kana++
		case unicode.Is(unicode.Hangul, c):
			hangul++
		case strings.ContainsRune(everydayHan, c) || c >= 0x3000 && c < 0x3040 || c >= 0xff00 && c < 0xff61:
			everyday++
		}
	}
	if total == 0 {
		return 1
	}
	if kana > 0 { // Japanese mixes kana with any characters
		return 1 - min(1, float64(everyday+3*kana)/float64(total))
	}
	return 1 - float64(everyday+hangul)/float64(total)
}

// everydayHan are characters that Chinese and Japanese texts about goods are mostly made of,
// simplified and traditional.
const everydayHan = "" +
	"的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方" +
	"多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情" +
	"明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给" +
	"世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太" +
	"量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象" +
	"完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运木椅桌床柜灯箱包鞋衣裤帽杯碗盘" +
	"刀板布纸笔车轮器具套装红黄蓝绿黑灰粉紫棕银尺寸号款男童夏冬春秋纯棉皮革毛羊绒丝钢铁铝铜玻璃塑料竹陶瓷食茶酒糖油米汁奶盒瓶" +
	"袋双支块片组盏台架沙厨房客厅卧室浴户脑充线屏键鼠耳音摄池智牙這個們來為國說時會對於著過發後裡種經麼學現當沒動還進樣開從實" +
	"軍無與長機將兩間問應戰頭體見產業點關電數報結務場員處東聲論義條氣題爾別變總計資許統區隊決馬書則聽達強難權張該規萬領確傳師" +
	"觀讓識帶導爭運褲櫃燈盤紙筆車輪紅黃藍綠銀號兒絲鋼鐵鋁銅膠麵雙隻塊組臺廚廳臥戶腦線鍵螢攝製專質"
