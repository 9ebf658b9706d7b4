package auth

import (
	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/internal/refusals"
)

// Register mounts BigCommerce's four callbacks.
func (a *Auth) Register(r gin.IRouter) {
	r.GET("/auth", a.install)
	r.GET("/load", a.load)
	server := r.Group("", problem.Middleware(a.cfg.Log))
	server.GET("/uninstall", noteRefused, a.uninstall)
	server.GET("/remove_user", noteRefused, a.removeUser)
}

// noteRefused has refused callbacks of BigCommerce's servers logged: nobody sees their answers.
func noteRefused(c *gin.Context) {
	c.Next()
	if last := c.Errors.Last(); last != nil {
		noteRefusal(c, refusals.Callback, last.Err)
	}
}
