package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"sluice/tenants"
)

// TestEncodings: a file in an encoding of its own is read as its author wrote it, or the merchant is
// asked, and his text is among the readings. It is never read wrong.
func TestEncodings(t *testing.T) {
	const (
		german   = "sku;name\nA1;Stühle für Gäste\nA2;Große Öfen\nA3;Gemütlich\n"
		french   = "sku;name\nA1;Crème brûlée à la française\nA2;Théière\nA3;Où est-ce\n"
		polish   = "sku;name\nA1;Krzesło dębowe\nA2;Łóżko piętrowe\nA3;Świecznik żółty\n"
		czech    = "sku;name\nA1;Dřevěná židle\nA2;Dětský kočárek\nA3;Růžový polštář\n"
		russian  = "sku;name\nA1;Стул деревянный\nA2;Стол письменный дубовый\nA3;Шкаф для одежды\n"
		greek    = "sku;name\nA1;Ξύλινη καρέκλα\nA2;Τραπέζι κουζίνας\n"
		turkish  = "sku;name\nA1;Ahşap sandalye\nA2;Çalışma masası\nA3;Yatak örtüsü\n"
		japanese = "sku,name\nA1,木製の椅子\nA2,ダイニングテーブル\nA3,キッチン用品\n"
		chinese  = "sku,name\nA1,木制椅子\nA2,桌子\nA3,红色纯棉男士衬衫\n"
		taiwan   = "sku,name\nA1,木製椅子\nA2,桌子\nA3,紅色純棉男裝\n"
		korean   = "sku,name\nA1,나무 의자\nA2,식탁과 의자\n"
	)
	for _, tt := range []struct {
		encoding, text string
		ask            bool // it may be asked for
	}{
		{"latin-1", german, false}, {"latin-1", french, false}, {"latin-1", "sku;name\nA1;Café\n", true},
		{"windows-1250", polish, false}, {"windows-1250", czech, false}, {"iso-8859-2", polish, true},
		{"windows-1251", russian, true}, {"koi8-r", russian, true}, {"ibm866", russian, true}, {"iso-8859-5", russian, true}, {"x-mac-cyrillic", russian, true},
		{"windows-1253", greek, false}, {"windows-1254", turkish, false},
		{"ibm850", german, false}, {"ibm437", french, true}, {"macintosh", french, false}, {"macintosh", german, true},
		{"shift_jis", japanese, false}, {"euc-jp", japanese, true}, {"gbk", chinese, true}, {"big5", taiwan, true}, {"euc-kr", korean, true},
		{"utf-16le", german, false}, {"utf-16be", russian, false}, {"utf-16le", "sku\tname\nA1\tStühle\n", false},
	} {
		t.Run(tt.encoding+" "+strings.Fields(tt.text)[1], func(t *testing.T) {
			e, _ := encodingNamed(tt.encoding)
			raw, err := e.code.NewEncoder().String(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			file := File{Open: openBytes([]byte(raw)), Size: int64(len(raw)), Complete: true}
			found, err := Detect(file, tenants.Format{})
			if err != nil {
				t.Fatal(err)
			}
			_, wantRows := read(t, tt.text, tenants.Format{})
			if len(found.Readings) > 0 {
				right := false
				for _, r := range found.Readings {
					again := found.Format
					again.Encoding = r.Encoding
					_, rows := readConverted(t, file, again)
					right = right || cmp.Equal(briefs(wantRows), briefs(rows))
				}
				if !tt.ask || !right {
					t.Errorf("asked, with the right one: %t; %+v", right, found.Readings)
				}
				return
			}
			if _, rows := readConverted(t, file, found.Format); !cmp.Equal(briefs(wantRows), briefs(rows)) {
				t.Errorf("read as %s: %+v", found.Format.Encoding, briefs(rows))
			}
			declares := file
			declares.ContentType = "text/csv; charset=" + tt.encoding
			if found, err = Detect(declares, tenants.Format{}); err != nil || len(found.Readings) > 0 {
				t.Errorf("declared: %+v, %v", found, err)
			}
		})
	}
}

// TestEncodedTwice: a text that was encoded twice is asked about, an ordinary one is not.
func TestEncodedTwice(t *testing.T) {
	twice := func(s string) string {
		s, err := charmap.Windows1252.NewDecoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for text, want := range map[string]string{
		twice("sku;name\nA1;Stühle für Gäste\nA2;Tisch\n"): "Stühle",
		twice("sku;name\nA1;Стол\n"):                       "Стол",
		twice("sku;price\nA1;5 €\n"):                       "€",
		"sku;name\nA1;Stühle für Gäste\n":                  "",
		"sku;name\nA1;CAFÉ® ÜBER™\n":                       "",
		"sku;name\nA1;“MAÇÃ”; IRMÃO; amanhã\n":             "",
		"sku;name\nA1;Стол\n":                              "",
	} {
		found, err := Detect(File{Open: openBytes([]byte(text)), Size: int64(len(text)), Complete: true}, tenants.Format{})
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			if found.Ask != "" || found.Format.Encoding != encUTF8 {
				t.Errorf("%q: %+v", text, found)
			}
			continue
		}
		if found.Ask != AskEncoding || len(found.Readings) != 2 || found.Readings[0].Encoding != encTwice || found.Readings[0].Examples[0] != want || found.Readings[1].Encoding != encUTF8 {
			t.Errorf("%q: %+v", text, found)
		}
	}
}
