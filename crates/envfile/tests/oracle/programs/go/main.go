// Answers each input of a JSON list as godotenv, compose-go or flyctl reads it, by the first argument.
package main

import (
	"encoding/json"
	"os"
	"strings"

	compose "github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/joho/godotenv"
	"github.com/sirupsen/logrus"
)

type answer struct {
	Keys    map[string]string `json:"keys,omitempty"`
	Refused bool              `json:"refused,omitempty"`
	Crashed bool              `json:"crashed,omitempty"`
}

func read(program, input string) (found answer) {
	defer func() {
		if recover() != nil {
			found = answer{Crashed: true}
		}
	}()
	var keys map[string]string
	var err error
	switch program {
	case "godotenv":
		keys, err = godotenv.Unmarshal(input)
	case "compose":
		keys, err = compose.Parse(strings.NewReader(input))
	default:
		keys, err = parseSecrets(strings.NewReader(input))
	}
	if err != nil {
		return answer{Refused: true}
	}
	return answer{Keys: keys}
}

func main() {
	logrus.SetLevel(logrus.PanicLevel)
	var inputs []string
	if err := json.NewDecoder(os.Stdin).Decode(&inputs); err != nil {
		panic(err)
	}
	answers := []answer{}
	for _, input := range inputs {
		answers = append(answers, read(os.Args[1], input))
	}
	json.NewEncoder(os.Stdout).Encode(answers)
}
