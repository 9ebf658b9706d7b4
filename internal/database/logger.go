package database

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

const (
	slowStatement = time.Second
	maxLoggedSQL  = 1000 // characters: a multi-row insert has thousands of placeholders
)

// sqlLogger tells slog about statements: failed and slow ones as warnings, the rest at debug level.
// It gets statements with placeholders only, never their values: rows hold e-mails and sealed
// secrets.
type sqlLogger struct{ log *slog.Logger }

func newLogger(log *slog.Logger) logger.Interface { return sqlLogger{log} }

// LogMode is part of gorm's interface; slog's own level decides.
func (l sqlLogger) LogMode(logger.LogLevel) logger.Interface { return l }

// ParamsFilter drops the values before gorm writes a statement out.
func (l sqlLogger) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}

func (l sqlLogger) Info(ctx context.Context, msg string, _ ...any) { l.log.DebugContext(ctx, msg) }
func (l sqlLogger) Warn(ctx context.Context, msg string, _ ...any) { l.log.WarnContext(ctx, msg) }
func (l sqlLogger) Error(ctx context.Context, msg string, _ ...any) {
	l.log.ErrorContext(ctx, msg) // without gorm's arguments: they may be values
}

// Trace is called after each statement.
func (l sqlLogger) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	took := time.Since(begin)
	level, msg := slog.LevelDebug, "sql"
	switch {
	case err != nil && !expected(err):
		level, msg = slog.LevelWarn, "sql failed"
	case took >= slowStatement:
		level, msg = slog.LevelWarn, "slow sql"
	}
	if !l.log.Enabled(ctx, level) {
		return
	}
	sql, rows := statement()
	if len(sql) > maxLoggedSQL {
		sql = fmt.Sprintf("%s… (%d characters)", sql[:maxLoggedSQL], len(sql))
	}
	attrs := []slog.Attr{slog.String("sql", sql), slog.Int64("rows", rows), slog.Duration("took", took)}
	if level == slog.LevelWarn && err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	l.log.LogAttrs(ctx, level, msg, attrs...)
}

// expected errors are answers that callers ask for and handle.
func expected(err error) bool {
	return errors.Is(err, gorm.ErrRecordNotFound) || errors.Is(err, gorm.ErrDuplicatedKey) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
