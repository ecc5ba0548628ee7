package io.everstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.everstore.client.exception.BadUrlException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionUrlTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "everstore://", "everstore:///", "everstore://?", "everstore://localhost", "everstore://admin:passwd@:6929"
            })
    void whatIsLeftOutIsTheServersOwnDefault(String url) {
        ClientConfig config = ClientConfig.parse(url);
        assertEquals("everstore://admin@localhost:6929", config.toString());
        assertEquals("passwd", config.password());
        assertEquals(Limits.TIMEOUT, config.timeout());
        assertEquals(6, config.connections());
        assertTrue(config.lanes());
    }

    @Test
    void everyPartIsRead() {
        ClientConfig config = ClientConfig.parse("everstore://us%40r:p%3Ass+%2B@my_host.example:7000?timeout=2.5&connections=3");
        assertEquals("us@r", config.user());
        assertEquals("p:ss++", config.password());
        assertEquals("my_host.example", config.host());
        assertEquals(7000, config.port());
        assertEquals(Duration.ofMillis(2500), config.timeout());
        assertEquals(3, config.connections());
        assertFalse(config.toString().contains("p:ss"), "no message tells the password");
    }

    @Test
    void anAddressOfVersion6StandsInBrackets() {
        ClientConfig config = ClientConfig.parse("everstore://[::1]:7000");
        assertEquals("::1", config.host());
        assertEquals(7000, config.port());
        assertEquals("everstore://admin@[::1]:7000", config.toString());
        assertEquals(6929, ClientConfig.parse("everstore://[::1]").port());
    }

    @Test
    void whoNamesAUserNamesThePasswordToo() {
        assertEquals("", ClientConfig.parse("everstore://shop@localhost").password());
    }

    @Test
    void anEncryptedOneHasNoLanes() {
        ClientConfig config = ClientConfig.parse("everstores://localhost");
        assertFalse(config.lanes());
        assertEquals("everstores://admin@localhost:6929", config.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost",
                "http://localhost",
                "everstore://localhost/path",
                "everstore://localhost#part",
                "everstore://localhost:0",
                "everstore://localhost:65536",
                "everstore://localhost:port",
                "everstore://localhost:",
                "everstore://localhost?timeout=0",
                "everstore://localhost?timeout=-1",
                "everstore://localhost?timeout=soon",
                "everstore://localhost?connections=0",
                "everstore://localhost?connections=1.5",
                "everstore://localhost?conections=2",
                "everstore://localhost?ca=/etc/ca.pem",
                "everstores://localhost?ca=",
                "everstores://localhost?ca=/no/such/file",
                "everstore://user:123456789012345678901234567890123@localhost",
                "everstore://user:%ZZ@localhost",
                "everstore://a b",
            })
    void whatCannotBeUsedIsRefused(String url) {
        assertThrows(BadUrlException.class, () -> ClientConfig.parse(url));
    }
}
