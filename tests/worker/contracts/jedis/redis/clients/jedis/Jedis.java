package redis.clients.jedis;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import redis.clients.jedis.exceptions.JedisException;

/** Of the library the two calls that the example makes, so that it runs where the library is not. */
public class Jedis implements Closeable {
    private final Socket socket = new Socket();

    public Jedis(URI address, int timeoutMs) {
        try {
            socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), timeoutMs);
            socket.setSoTimeout(timeoutMs);
        } catch (IOException error) {
            throw new JedisException(error.getMessage());
        }
        ask("SELECT", address.getPath().substring(1));
    }

    public long lpush(String list, String... items) {
        return Long.parseLong(ask("LPUSH", list, items[0]));
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException error) {
            throw new JedisException(error.getMessage());
        }
    }

    private String ask(String... words) {
        ByteArrayOutputStream command = new ByteArrayOutputStream();
        command.writeBytes(("*" + words.length + "\r\n").getBytes());
        for (String word : words) {
            byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
            command.writeBytes(("$" + bytes.length + "\r\n").getBytes());
            command.writeBytes(bytes);
            command.writeBytes("\r\n".getBytes());
        }
        try {
            socket.getOutputStream().write(command.toByteArray());
            StringBuilder answer = new StringBuilder();
            for (int next; (next = socket.getInputStream().read()) != '\n';) {
                if (next < 0) {
                    throw new JedisException("the connection has ended");
                }
                answer.append((char) next);
            }
            if (answer.charAt(0) == '-') {
                throw new JedisException(answer.substring(1).trim());
            }
            return answer.substring(1).trim();
        } catch (IOException error) {
            throw new JedisException(error.getMessage());
        }
    }
}
