package database

import "gorm.io/gorm"

// migrate0018 adds the API account that a store was added with: its client id and, sealed, the
// client secret that its webhooks are signed with. Stores from before have neither.
func migrate0018(tx *gorm.DB) error {
	for _, column := range []string{"ClientID", "ClientSecret"} {
		if err := tx.Migrator().AddColumn(&store0018{}, column); err != nil {
			return err
		}
	}
	return nil
}

// store0018 has the columns that this migration adds.
type store0018 struct {
	ClientID     string `gorm:"size:64;default:''"`
	ClientSecret []byte
}

func (store0018) TableName() string { return "stores" }
