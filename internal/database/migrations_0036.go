package database

import "gorm.io/gorm"

// migrate0036 adds to records what their kinds note of them, and what BigCommerce refused.
func migrate0036(tx *gorm.DB) error {
	m := tx.Migrator()
	for _, field := range []string{"Note", "RefusedHash", "RefusedField"} {
		if err := m.AddColumn(&record0036{}, field); err != nil {
			return err
		}
	}
	return nil
}

// record0036 has the columns that this migration adds.
type record0036 struct {
	Note         string `gorm:"type:text;default:''"`
	RefusedHash  string `gorm:"size:64;default:''"`
	RefusedField string `gorm:"size:255;default:''"`
}

func (record0036) TableName() string { return "records" }
