package database

import (
	"fmt"

	"gorm.io/gorm"
)

// migrate0020 makes room for other kinds of records than products: records and what is remembered
// of them have a kind, a parent and a reference of the kind's own. What there is so far is
// products.
//
// It renames a table and a column, so processes of older versions must have stopped: they fail at
// them.
func migrate0020(tx *gorm.DB) error {
	m := tx.Migrator()
	for _, index := range []string{"records_target", "records_flow_name"} {
		if err := m.DropIndex(&record0020{}, index); err != nil {
			return err
		}
	}
	if err := m.RenameColumn(&record0020{}, "name_key", "unique_key"); err != nil {
		return err
	}
	if err := m.RenameTable("remembered_products", "remembered_records"); err != nil {
		return err
	}
	for _, column := range []string{"Kind", "ParentID", "TargetRef"} {
		if err := m.AddColumn(&record0020{}, column); err != nil {
			return err
		}
	}
	for _, column := range []string{"ParentID", "TargetRef"} {
		if err := m.AddColumn(&runItem0020{}, column); err != nil {
			return err
		}
	}
	if err := m.AddColumn(&rememberedRecord0020{}, "Kind"); err != nil {
		return err
	}
	// New rows always say their kind. SQLite cannot take a default away, which is why no row relies on
	// it.
	if tx.Name() == "postgres" {
		if err := m.RenameIndex(&rememberedRecord0020{}, "remembered_products_pkey", "remembered_records_pkey"); err != nil {
			return err
		}
		for _, table := range []string{"records", "remembered_records"} {
			if err := tx.Exec(fmt.Sprintf("ALTER TABLE %s ALTER COLUMN kind DROP DEFAULT", table)).Error; err != nil {
				return err
			}
		}
	}
	for _, index := range []string{"records_target", "records_flow_unique"} {
		if err := m.CreateIndex(&record0020{}, index); err != nil {
			return err
		}
	}
	return nil
}

// record0020 has the columns that this migration adds and those of its indexes; the others are
// record0001's. The defaults are for old rows, which no database writes anew for them.
type record0020 struct {
	FlowID    string `gorm:"size:36;index:records_flow_unique,priority:1;index:records_target,priority:3"`
	UniqueKey string `gorm:"size:64;index:records_flow_unique,priority:2"`
	Kind      string `gorm:"size:32;default:'products';index:records_target,priority:1"`
	TargetID  int64  `gorm:"index:records_target,priority:2"`
	ParentID  int64  `gorm:"default:0"`
	TargetRef string `gorm:"size:128;default:''"`
}

func (record0020) TableName() string { return "records" }

type runItem0020 struct {
	ParentID  int64  `gorm:"default:0"`
	TargetRef string `gorm:"size:128;default:''"`
}

func (runItem0020) TableName() string { return "run_items" }

type rememberedRecord0020 struct {
	Kind string `gorm:"size:32;default:'products'"`
}

func (rememberedRecord0020) TableName() string { return "remembered_records" }
