package tenants

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gorm.io/gorm/clause"

	"sluice/internal/problem"
)

// Bounds and values of StorefrontSettings.
const (
	// MaxCardFields is how many fields an account card shows: a card is read at a glance, and its
	// answer stays small.
	MaxCardFields = 20
	// MaxCardLabel is the length of a field's label in characters.
	MaxCardLabel = 60
	// defaultConsent is a script that helps the shopper and follows nobody.
	defaultConsent = "functional"
)

// ConsentCategories are BigCommerce's consent categories of scripts, in the order a choice shows
// them.
var ConsentCategories = []string{"essential", "functional", "analytics", "targeting"}

// CardFormats are how a card's field reads.
var CardFormats = []string{"text", "number", "money", "percent", "date"}

// fieldKey is the form of Account.Fields' keys.
var fieldKey = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// ValidFieldKey reports whether key may name a field of an account: 1 to 64 letters, digits, "_",
// "." and "-" of ASCII, the first a letter or digit.
func ValidFieldKey(key string) bool { return fieldKey.MatchString(key) }

// StorefrontSettings returns the choices of ctx's store, or the defaults: no card, scripts of
// category functional, no sign-in. CardFields is never nil.
func (d *DB) StorefrontSettings(ctx context.Context) (StorefrontSettings, error) {
	row, err := maybe[StorefrontSettings](d.Scoped(ctx), "storefront settings")
	if err != nil {
		return StorefrontSettings{}, err
	}
	if row == nil {
		row = &StorefrontSettings{StoreHash: StoreHash(ctx), ConsentCategory: defaultConsent}
	}
	if row.CardFields == nil {
		row.CardFields = []CardField{}
	}
	return *row, nil
}

// ScriptSettings returns the choices of ctx's store as its scripts are to follow them: they sign
// shoppers in through single sign-on only while a provider is enabled.
func (d *DB) ScriptSettings(ctx context.Context) (StorefrontSettings, error) {
	s, err := d.StorefrontSettings(ctx)
	if err != nil || !s.AllowSignIn {
		return s, err
	}
	provider, err := d.IdentityProvider(ctx)
	s.AllowSignIn = provider != nil && provider.Enabled
	return s, err
}

// PutStorefrontSettings replaces the choices of ctx's store. Those that Check refuses change
// nothing.
func (d *DB) PutStorefrontSettings(ctx context.Context, s StorefrontSettings) error {
	if err := s.Check(); err != nil {
		return err
	}
	s.StoreHash, s.UpdatedAt = StoreHash(ctx), d.now()
	if s.CardFields == nil {
		s.CardFields = []CardField{}
	}
	return wrap(d.Scoped(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "store_hash"}},
		DoUpdates: clause.AssignmentColumns([]string{"card_fields", "consent_category", "allow_sign_in", "updated_at"}),
	}).Create(&s).Error, "storefront settings")
}

// Check returns a problem.Invalid that names each field of s which cannot be as it is.
func (s *StorefrontSettings) Check() error {
	refusal := problem.New(problem.Invalid, "The storefront's settings could not be saved.")
	if !slices.Contains(ConsentCategories, s.ConsentCategory) {
		refusal = refusal.WithField("consent_category", "choose %s", orList(ConsentCategories))
	}
	if len(s.CardFields) > MaxCardFields {
		refusal = refusal.WithField("card_fields", "a card has at most %d fields", MaxCardFields)
	}
	seen := map[string]bool{}
	for i, f := range s.CardFields[:min(len(s.CardFields), MaxCardFields)] {
		at := "card_fields." + strconv.Itoa(i)
		switch {
		case !ValidFieldKey(f.Key):
			refusal = refusal.WithField(at+".key", "name a field of your accounts: 1 to 64 letters, digits, _, . and -")
		case seen[f.Key]:
			refusal = refusal.WithField(at+".key", "the card shows %s already", f.Key)
		}
		seen[f.Key] = true
		if !validLabel(f.Label) {
			refusal = refusal.WithField(at+".label", "use 1 to %d characters on one line", MaxCardLabel)
		}
		if !slices.Contains(CardFormats, f.Format) {
			refusal = refusal.WithField(at+".format", "choose %s", orList(CardFormats))
		}
	}
	if len(refusal.Fields) == 0 {
		return nil
	}
	return refusal
}

func validLabel(label string) bool {
	return utf8.ValidString(label) && strings.TrimSpace(label) != "" && utf8.RuneCountInString(label) <= MaxCardLabel &&
		!strings.ContainsFunc(label, unicode.IsControl)
}

// orList writes values as "a, b or c".
func orList(values []string) string {
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// CardValue is one line of an account card as a shopper may see it.
type CardValue struct {
	Key    string `json:"key"`
	Label  string `json:"label"`
	Format string `json:"format"`
	Value  string `json:"value"` // as the back-office system gave it
}

// Card returns what a's card shows under these settings, in the merchant's order and nothing else.
// A field that the account lacks, or has empty, is left out. Never nil.
func (s *StorefrontSettings) Card(a *Account) []CardValue {
	card := []CardValue{}
	for _, f := range s.CardFields {
		if v := a.Fields[f.Key]; v != "" {
			card = append(card, CardValue{Key: f.Key, Label: f.Label, Format: f.Format, Value: v})
		}
	}
	return card
}
