// Decodes frames of MessagePack with a stock decoder of Go: each line of the input is a frame in hex, each line
// of the output a JSON object that has for each field of `changes` what Go made of it: the kind and the value.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/vmihailenco/msgpack/v5"
)

// Fields of the protocol whose types a program in Go would give; a float is no int64 for the decoder.
type update struct {
	Type      string         `msgpack:"type"`
	Epoch     uint32         `msgpack:"epoch"`
	Seq       int64          `msgpack:"seq"`
	Timestamp int64          `msgpack:"timestamp"`
	Changes   map[string]any `msgpack:"changes"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		frame, err := hex.DecodeString(lines.Text())
		if err != nil {
			log.Fatal(err)
		}
		var message update
		if err := msgpack.Unmarshal(frame, &message); err != nil {
			log.Fatal(err)
		}
		seen := map[string][2]string{"timestamp": kindOf(message.Timestamp), "seq": kindOf(message.Seq)}
		for name, value := range message.Changes {
			seen[name] = kindOf(value)
		}
		line, err := json.Marshal(seen)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(line))
	}
}

func kindOf(value any) [2]string {
	switch value.(type) {
	case int8, int16, int32, int64, uint8, uint16, uint32, uint64:
		return [2]string{"integer", fmt.Sprint(value)}
	case float32, float64:
		return [2]string{"float", fmt.Sprint(value)}
	default:
		return [2]string{fmt.Sprintf("%T", value), ""}
	}
}
