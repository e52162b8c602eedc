package authnfile

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/GehirnInc/crypt"
	"github.com/GehirnInc/crypt/apr1_crypt"
	"github.com/GehirnInc/crypt/md5_crypt"
	"github.com/GehirnInc/crypt/sha256_crypt"
	"github.com/GehirnInc/crypt/sha512_crypt"
	"golang.org/x/crypto/bcrypt"
)

var errForm = errors.New("its hash has no form that is known here")

// matches compares a password with a hash in any form of htpasswd and, but for yescrypt and its like, of crypt(3). Plain text
// is none, as in httpd on Unix.
func matches(hash, password string) (bool, error) {
	switch form := formOf(hash); form {
	case "2y", "2a", "2b": // bcrypt; the letters say which program's mistakes are not in it
		err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
		if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
			return false, nil
		}
		return err == nil, err
	case "apr1":
		return verify(apr1_crypt.New(), hash, password)
	case "1":
		return verify(md5_crypt.New(), hash, password)
	case "5":
		return verify(sha256_crypt.New(), hash, password)
	case "6":
		return verify(sha512_crypt.New(), hash, password)
	case "{SHA}":
		sum := sha1.Sum([]byte(password))
		return equal(hash, "{SHA}"+base64.StdEncoding.EncodeToString(sum[:])), nil
	case "":
		return desMatches(hash, password), nil
	default:
		return false, fmt.Errorf("%w ($%s$); htpasswd -B makes one that is", errForm, form)
	}
}

// formOf is what stands between the first two dollars, or in front.
func formOf(hash string) string {
	if strings.HasPrefix(hash, "{SHA}") {
		return "{SHA}"
	}
	if !strings.HasPrefix(hash, "$") {
		return ""
	}
	form, _, _ := strings.Cut(hash[1:], "$")
	return form
}

// verify makes the hash again from all that stands before its last dollar.
func verify(c crypt.Crypter, hash, password string) (bool, error) {
	salt := hash[:strings.LastIndexByte(hash, '$')]
	again, err := c.Generate([]byte(password), []byte(salt))
	if err != nil {
		return false, errForm
	}
	return equal(again, hash), nil
}

func desMatches(hash, password string) bool {
	if len(hash) != 13 {
		return false
	}
	again, ok := desCrypt(password, hash[:2])
	return ok && equal(again, hash)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
