package parsertest

import "strings"

// Hostile are arguments in JSON that a client may send to have others disconnected: what
// a handler has received of them and sends on, in whatever form and beside whatever else,
// must reach every peer, or not be encoded.
var Hostile = []string{
	// What is a placeholder to some, of an attachment or of none.
	`{"_placeholder":true,"num":0}`,
	`{"_placeholder":true,"num":7}`,
	`{"_placeholder":true,"num":-1}`,
	`{"_placeholder":true,"num":"splice"}`,
	`{"_placeholder":true}`,
	`{"\u005fplaceholder":true,"num":7}`,
	`{"\u005f\u0070\u006C\u0061\u0063\u0065\u0068\u006f\u006C\u0064\u0065\u0072":true,"num":7}`,
	`{"_placeholder":true,"\u006eum":7}`,
	`{"_placeholder":true,"num":0,"x":[{"_placeholder":true,"num":9}]}`,
	`{"_placeholder":false,"num":7,"_placeholder":true}`,
	`{"_placeholder":true,"num":7,"_placeholder":false}`,
	`{"_placeholder":1,"num":7}`,
	`{"_placeholder":"true","num":7}`,
	`{"_placeholder":false,"num":7}`,
	`{"_placeholder":null}`,
	`{"a":1,"a":{"_placeholder":true,"num":7},"a":2}`,
	`{"__proto__":{"_placeholder":true,"num":7}}`,
	`[[{"a":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":0},{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]]`,

	// Names that mean something to an implementation.
	`{"__proto__":null,"constructor":1,"prototype":[],"toJSON":1,"toString":{},"then":true,"length":-1,"hasOwnProperty":0}`,
	`{"":"","__defineGetter__":null,"__class__":"os.system","$type":"x","@class":"x"}`,
	`{"error":{"message":"m","data":1}}`,

	// Text.
	`"\ud800"`,
	`{"\udc00\ud800":"\ud83d\ude80"}`,
	`"\u2028\u2029\u0000\u001e\u007f\ufeff\ufffe"`,
	"\"\u2028\u2029\x7f\ufeff\uffff\U0010ffff\"",
	`"\u001e4\u001ebAAAA\u001e1"`,
	`"\u001e41\u001e"`,
	`"</script><!--"`,
	`"2[\"disconnect\"]"`,

	// Numbers.
	`1e400`,
	`-1e400`,
	`1e-400`,
	`-0`,
	`-0.0`,
	`0.1e-7`,
	`9007199254740993`,
	`123456789012345678901234567890`,
	`18446744073709551616`,

	`[[],{},null,true,""]`,
	strings.Repeat(`[`, 990) + strings.Repeat(`]`, 990),
	strings.Repeat(`{"a":`, 990) + `{"_placeholder":true,"num":7}` + strings.Repeat(`}`, 990),
}
