package authnfile

import "testing"

// hashes are what crypt(3) and htpasswd made.
var hashes = []struct{ hash, password string }{
	{`$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1`, "secret"},
	{`$1$abcdefgh$M55TzYaaccxVGbptZWaxX/`, ""},
	{`$1$abcdefgh$fAGGbRKbXtwNoG7IbXlv41`, "a longer password than eight"},
	{`$1$abcdefgh$SjemET35pnRHXZLozYXIG1`, "p\u00e9"},
	{`$1$abcdefgh$poMCFpiVRevlCQ8FbmxhU1`, "12345678"},
	{`$1$a$41c8gzdxX5iFFuqkeAdoe0`, "secret"},
	{`$1$a$8CfZSfErbeskipdhZHtvu.`, ""},
	{`$1$a$M7hlE8XwSs4w1Gv3cFwUU/`, "a longer password than eight"},
	{`$1$a$FnWRtY8RPivr5vKLm4QTV1`, "p\u00e9"},
	{`$1$a$H3.IkpWd5yfXds9IygOQL.`, "12345678"},
	{`$5$salt$kpa26zwgX83BPSR8d7w93OIXbFt/d3UOTZaAu5vsTM6`, "secret"},
	{`$5$salt$HrcUzzoef72uxM/YhTU5BAi419Fblqlq//zyM.rIOG0`, ""},
	{`$5$salt$aqopbGjJ.NICZJlNPozOfqhrNKQQMnBzWyW4qwNCn/4`, "a longer password than eight"},
	{`$5$salt$6.RHNw4/6Uqs8f3wactA7atCkbrvn/jHq5.R3a95Ws9`, "p\u00e9"},
	{`$5$salt$qlrDroYkd9AzQ9bPbCzFlzlI8RsnOmfyZa.pGdeawr0`, "12345678"},
	{`$5$rounds=1000$short$5tqpBKuMXiyOh7zjcqfE5xf4ihzI5OkLurBxtQ/FlU0`, "secret"},
	{`$5$rounds=1000$short$9rs63TM4j6doEhq2MAUYxnS5Mc/aeEhOVfpnwHTpz6D`, ""},
	{`$5$rounds=1000$short$ypZvJW3OjnaxXf9Yz0a7hnfXUqy7z14kWg8DDo5owfB`, "a longer password than eight"},
	{`$5$rounds=1000$short$HENLn.x89lVz.oB3um0jUsqjVitGynf.oiJc26KEOvA`, "p\u00e9"},
	{`$5$rounds=1000$short$oqvhhyxVV2KOqiDZc7DR/1SODtWLefu5YHOLrxF9uS4`, "12345678"},
	{`$6$rounds=1500$saltstringsaltst$izjfR0pG9xBhPy/wFOW.oRJTyR9hAavaysNrGH/STdNN9h6o8EW29ZxeFSTzIKRj13pYf0QhRhvIsEBONm6U50`, "secret"},
	{`$6$rounds=1500$saltstringsaltst$2LtONqA7Q8NICmIZykhq8XtuHRZhNV7oZX5l51tIDd0harv/xpSuFk9AGNQo4vpzXykuT/9.W5.3UeiNhwf4s/`, ""},
	{`$6$rounds=1500$saltstringsaltst$t.6og33pq6g63uhkvE8LU.4QPOcbOGPnGkEaKLIlg2zSEzqDuTw0CmUKxawzodoPACOrFat15pzmwLnHJ4YOg.`, "a longer password than eight"},
	{`$6$rounds=1500$saltstringsaltst$Ga7/ciLldInBKLFPCm1HHoPBjLVU08kCp/ccAr4UppCEBGXUsh8lywvR1MgD/52whm1u6pzleLzUxfDHwwKyb0`, "p\u00e9"},
	{`$6$rounds=1500$saltstringsaltst$MTIaknk1sKETBcHvKJ1Clv.xU8PZblgKJ.e5ae7vj9.4IsT2.Cw.sx6QLllJTFDu2BcaAWcJx9wTJE8mQtf4W/`, "12345678"},
	{`$6$saltstring$AIsRs/Ee56G/tC8MEHhvReZTfx8u3rXXMl6eYrjCG9ibix19DxoMBLogdTET5Ukw9Sf7eZTITsuk0Ry5qulYz.`, "secret"},
	{`$6$saltstring$kyGrqt6gmjAdtFLPrflEFifSYLCWWq1pyx95SvqinLDy2UHmj0sTF0MSLMwxPFZc3tu5kQckI8fks0zOPda3n1`, ""},
	{`$6$saltstring$keW7MorIhWeUTb9Utt8Yzhuu7sSS9h0mRX8oNArR4Y3jq8/5BfBfJRS.PZ3.GqRkiOakaETHgrtfH0NJIo/Wq.`, "a longer password than eight"},
	{`$6$saltstring$aB4cWvWvL9YqyeFXyqnhvbsGRq.VBp3DU5128dfbTTKGXnLz/FgariSVOsP6UBfvA/wjwZdI2Q8zC0zekCHa80`, "p\u00e9"},
	{`$6$saltstring$976dl2fF75aL71Ui81MNJPMBxh63KuFvvm.TBlTZV.ylcFVU6O4fUXkeHNsxY6qmDN2SrF/jx83QTQkyOjX8T.`, "12345678"},
	{`abNANd1rDfiNc`, "secret"},
	{`abmF1QH4PEr.E`, ""},
	{`abkcfEndDLESY`, "a longer password than eight"},
	{`abkLgKYMGppl.`, "p\u00e9"},
	{`ab1iBa.N.U2C6`, "12345678"},
	{`./17m29LFAflg`, "secret"},
	{`./Una9Fi.seRo`, ""},
	{`./lsDnckUAtiM`, "a longer password than eight"},
	{`./eRlMnK5ObL.`, "p\u00e9"},
	{`./qw5JW./79Vg`, "12345678"},
	{`zZ5x4y8hS4SZE`, "secret"},
	{`zZO7u0HfQST3A`, ""},
	{`zZS2oa9o2s9XA`, "a longer password than eight"},
	{`zZQB/PcEJ654o`, "p\u00e9"},
	{`zZYQyo/kK5WTQ`, "12345678"},
	{`9kZ1wENGwXsok`, "secret"},
	{`9kF3N2YpxvHiI`, ""},
	{`9knlk18JUiEPA`, "a longer password than eight"},
	{`9kWxuHiXu6HtA`, "p\u00e9"},
	{`9klh8jUpPPRI6`, "12345678"},
	{`$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a`, "secret"},
	{`$2b$05$abcdefghijklmnopqrstuu0oImNDIy4flhldV9YqunRgBAePKmw7m`, ""},
	{`$2b$05$abcdefghijklmnopqrstuu7n2igrIv3tSYH0dlAnUwYNyY0GLINFa`, "a longer password than eight"},
	{`$2b$05$abcdefghijklmnopqrstuuByZOkRK2KZ7DIwVCQdQt0l89tc36MrO`, "p\u00e9"},
	{`$2b$05$abcdefghijklmnopqrstuuQtY5EMVB6NbstnzJVAby7ULNLJgfdiG`, "12345678"},
	{`$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW`, "secret"},
	{`$2y$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq`, ""},
	{`$2y$04$abcdefghijklmnopqrstuu/raoV1jm0YChCl9x8judm9zA6RBf7QS`, "a longer password than eight"},
	{`$2y$04$abcdefghijklmnopqrstuuSVZvE1vhP1hw2ZhiMzDRHO.Pe5f/RYK`, "p\u00e9"},
	{`$2y$04$abcdefghijklmnopqrstuufUlS0EEB.H3ewsjUNPrWW5qETJaYIty`, "12345678"},
	{`$apr1$7q2dwdCL$oQoA2s3OO4sy2zMUQX/cx1`, "secret"},
	{`{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=`, "secret"},
	{`$apr1$b3lRyngO$16U2eXihCy.EjcBJs.Y6F.`, ""},
	{`{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=`, ""},
	{`$apr1$mamY3keD$PYbBGBhs0Wvo2DluRPbqy/`, "a longer password than eight"},
	{`{SHA}Db9rfOpakLQuSyyVrozz6nPSsPs=`, "a longer password than eight"},
}

func TestHashes(t *testing.T) {
	for _, h := range hashes {
		if ok, err := matches(h.hash, h.password); !ok || err != nil {
			t.Errorf("%q does not match %q: %v", h.password, h.hash, err)
		}
		if ok, _ := matches(h.hash, "x"+h.password); ok {
			t.Errorf("%q matches a wrong password", h.hash)
		}
	}
}

func TestNoHash(t *testing.T) {
	for _, hash := range []string{"", "secret", "$", "$$", "$1", "$1$", "$apr1$", "$apr1$x", "$6$foo$bar$baz", "$6$rounds=x$a$b", "$6$rounds=5$", "$5$rounds=99", "$2y$", "$2y$99$x",
		"{SHA}", "{SHA}!", "{SSHA}x", "\x00\x00xxxxxxxxxxx", "$y$j9T$abcdefghijklmnop$x", "_/......Salt", "ab"} {
		for _, password := range []string{"", "secret", hash} {
			if ok, _ := matches(hash, password); ok {
				t.Errorf("%q matches %q", hash, password)
			}
		}
	}
}

func FuzzMatches(f *testing.F) {
	for _, h := range hashes {
		f.Add(h.hash, h.password)
	}
	f.Fuzz(func(t *testing.T, hash, password string) {
		if len(hash) > 4 && (formOf(hash) != "apr1" && formOf(hash) != "1" && formOf(hash) != "") {
			return // its cost is part of the hash
		}
		matches(hash, password)
	})
}
