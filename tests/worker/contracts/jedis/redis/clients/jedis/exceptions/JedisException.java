package redis.clients.jedis.exceptions;

/** What the library throws for anything that goes wrong. */
public class JedisException extends RuntimeException {
    public JedisException(String message) {
        super(message);
    }
}
