// One event of each kind, from Java 17 or newer with the library redis.clients:jedis.
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

public class PublishEvents {
    static final int TIMEOUT_MS = 5000; // to connect, and for each answer
    static final int TRIES = 3;
    static final Path UNSENT = Path.of("unsent.jsonl");

    public static void main(String[] args) throws IOException, InterruptedException {
        boolean all = true;
        for (Map.Entry<String, String> event : events(Instant.now()).entrySet()) {
            all &= publish(event.getKey(), event.getValue());
        }
        if (!all) {
            System.err.println("not all was published; later: chargerelay publish unsent.jsonl");
            System.exit(1);
        }
    }

    /** Kind and JSON; in an application a JSON library writes them. */
    static Map<String, String> events(Instant now) {
        Map<String, String> events = new LinkedHashMap<>();
        events.put("connector-status", """
            {"operatorId": "395815801", "connectorId": "C-007", "status": 1, "updateTime": "%s"}"""
            .formatted(now));
        events.put("charge-record", """
            {"orderNo": "JV-%d", "operatorId": "395815801", "stationId": "S-001", \
            "connectorId": "C-007", "startTime": "%s", "endTime": "%s", \
            "power": "12.30", "totalMoney": "15.00"}""" // kWh, yuan
            .formatted(now.toEpochMilli(), now.minus(Duration.ofMinutes(45)), now));
        events.put("safety-warning", """
            {"warningId": "JV-%d", "riskLevel": "high", "occurredAt": "%s", \
            "connectorId": "C-007", "riskReason": "smoke"}"""
            .formatted(now.toEpochMilli(), now));
        return events;
    }

    /** Push an event; what the broker does not take is kept in unsent.jsonl. */
    static boolean publish(String kind, String event) throws IOException, InterruptedException {
        String fault = "";
        for (int tried = 1; tried <= TRIES; tried++) {
            // What is pushed again after a lost answer is a duplicate, and told once.
            try (Jedis broker = new Jedis(URI.create(System.getenv("RELAY_BROKER_URL")), TIMEOUT_MS)) {
                long length = broker.lpush(kind, event);
                if (length >= 1) {
                    return true;
                }
                fault = "LPUSH answered " + length;
            } catch (JedisException error) { // away, full, or the login is wrong
                fault = error.getMessage();
            }
            Thread.sleep(100L * tried);
        }
        String line = "{\"kind\": \"" + kind + "\", " + event.substring(1) + "\n";
        Files.writeString(UNSENT, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        System.err.println(kind + " is kept in unsent.jsonl: " + fault);
        return false;
    }
}
