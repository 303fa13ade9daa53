// One event of each kind, from Go: go get github.com/redis/go-redis/v9
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
)

type event map[string]any

func events(now time.Time) map[string]event {
	number := fmt.Sprintf("GO-%d", now.UnixNano())
	at := now.Format(time.RFC3339Nano)
	return map[string]event{
		"connector-status": {
			"operatorId":  "395815801",
			"connectorId": "C-007",
			"status":      1,
			"updateTime":  at,
		},
		"charge-record": {
			"orderNo":     number,
			"operatorId":  "395815801",
			"stationId":   "S-001",
			"connectorId": "C-007",
			"startTime":   now.Add(-45 * time.Minute).Format(time.RFC3339Nano),
			"endTime":     at,
			"power":       "12.30", // kWh
			"totalMoney":  "15.00", // yuan
		},
		"safety-warning": {
			"warningId":   number,
			"riskLevel":   "high",
			"occurredAt":  at,
			"connectorId": "C-007",
			"riskReason":  "smoke",
		},
	}
}

// push gives an event to the broker, which answers with the length of its list.
func push(broker *redis.Client, kind string, given event) error {
	item, err := json.Marshal(given)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	length, err := broker.LPush(ctx, kind, item).Result()
	if err == nil && length < 1 {
		err = fmt.Errorf("LPUSH answered %d", length)
	}
	return err // away, full, or the login is wrong
}

// keep writes an event that the broker did not take to unsent.jsonl.
func keep(kind string, given event) error {
	given["kind"] = kind
	line, err := json.Marshal(given)
	if err != nil {
		return err
	}
	file, err := os.OpenFile("unsent.jsonl", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = file.Write(append(line, '\n')); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func main() {
	options, err := redis.ParseURL(os.Getenv("RELAY_BROKER_URL"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "RELAY_BROKER_URL:", err)
		os.Exit(2)
	}
	options.DialTimeout = 3 * time.Second
	options.ReadTimeout = 5 * time.Second
	options.WriteTimeout = 5 * time.Second
	options.MaxRetries = 3 // what is pushed again after a lost answer is a duplicate, and told once
	broker := redis.NewClient(options)
	defer broker.Close()

	all := true
	for kind, given := range events(time.Now()) {
		fault := push(broker, kind, given)
		if fault == nil {
			continue
		}
		all = false
		if err := keep(kind, given); err != nil {
			panic(fmt.Sprintf("neither published nor kept: %v: %v", given, err))
		}
		fmt.Fprintf(os.Stderr, "%s is kept in unsent.jsonl: %v\n", kind, fault)
	}
	if !all {
		fmt.Fprintln(os.Stderr, "not all was published; later: chargerelay publish unsent.jsonl")
		os.Exit(1)
	}
}
