package io.everstore.client;

import io.everstore.client.exception.BadUrlException;
import io.everstore.client.transport.TlsTransport;
import java.io.UnsupportedEncodingException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.time.Duration;

/** Reads {@code everstore://user:password@host:port?timeout=30&connections=6}. */
final class ConnectionUrl {
    static final String SCHEME = "everstore";
    static final String TLS_SCHEME = "everstores";

    private final URI uri;
    private final boolean encrypted;
    private String ca;

    private ConnectionUrl(URI uri) {
        this.uri = uri;
        this.encrypted = TLS_SCHEME.equals(uri.getScheme());
    }

    static ClientConfig parse(String url) {
        try {
            // A URL that ends behind its scheme is one to Java only with a host.
            String whole = url.matches("everstores?://([?].*)?") ? url.replaceFirst("//", "//localhost") : url;
            return new ConnectionUrl(new URI(whole)).config();
        } catch (URISyntaxException error) {
            throw new BadUrlException("the URL cannot be read: " + error.getReason() + " at character " + error.getIndex());
        }
    }

    private ClientConfig config() {
        require(encrypted || SCHEME.equals(uri.getScheme()),
                "the URL's scheme is " + uri.getScheme() + ", expected everstore:// or everstores://");
        String path = uri.getRawPath();
        require(path == null || path.isEmpty() || path.equals("/"), "the URL's path must be empty, not " + path);
        require(uri.getRawFragment() == null, "the URL has a fragment, #" + uri.getRawFragment() + ", which means nothing");
        return withTls(withOptions(withPlace(ClientConfig.DEFAULT)));
    }

    /** The authority is cut here, since Java's URI takes names with an underscore, as containers have, for no host at all. */
    private ClientConfig withPlace(ClientConfig config) {
        String authority = uri.getRawAuthority() == null ? "" : uri.getRawAuthority();
        int at = authority.lastIndexOf('@');
        String place = authority.substring(at + 1);
        int colon = place.lastIndexOf(':');
        boolean hasPort = colon > place.lastIndexOf(']');
        String host = hasPort ? place.substring(0, colon) : place;
        ClientConfig named = at < 0 ? config : withCredentials(config, authority.substring(0, at));
        ClientConfig placed = host.isEmpty() ? named : named.withHost(host.replaceAll("[\\[\\]]", ""));
        return hasPort ? placed.withPort(port(place.substring(colon + 1))) : placed;
    }

    /** A URL that names a user names its password too. */
    private static ClientConfig withCredentials(ClientConfig config, String both) {
        int colon = both.indexOf(':');
        String user = colon < 0 ? both : both.substring(0, colon);
        String password = colon < 0 ? "" : both.substring(colon + 1);
        return config.withUser(decoded(user.replace("+", "%2B")), decoded(password.replace("+", "%2B")));
    }

    private static int port(String text) {
        require(text.matches("[0-9]{1,5}"), "the URL's port is " + text + ", not a number from 1 to 65535");
        return Integer.parseInt(text);
    }

    private ClientConfig withOptions(ClientConfig config) {
        ClientConfig changed = config;
        if (uri.getRawQuery() != null && !uri.getRawQuery().isEmpty()) {
            for (String option : uri.getRawQuery().split("&")) {
                int equals = option.indexOf('=');
                String name = equals < 0 ? option : option.substring(0, equals);
                changed = withOption(changed, name, equals < 0 ? "" : decoded(option.substring(equals + 1)));
            }
        }
        return changed;
    }

    private ClientConfig withOption(ClientConfig config, String name, String value) {
        switch (name) {
            case "timeout":
                return config.withTimeout(Duration.ofNanos((long) (number(name, value, "[0-9]{1,6}([.][0-9]+)?") * 1e9)));
            case "connections":
                return config.withConnections((int) number(name, value, "[0-9]{1,6}"));
            case "ca":
                require(encrypted && !value.isEmpty(), "the option ca names a file, and goes with everstores:// only");
                ca = value;
                return config;
            default:
                throw new BadUrlException("the URL's option " + name + " is not known; there are timeout, connections and ca");
        }
    }

    private ClientConfig withTls(ClientConfig config) {
        return encrypted ? config.withEncryption(TlsTransport.factory(ca)) : config;
    }

    private static double number(String name, String value, String pattern) {
        require(value.matches(pattern), "the option " + name + " is " + value + ", not a number");
        return Double.parseDouble(value);
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, "UTF-8");
        } catch (UnsupportedEncodingException | IllegalArgumentException error) {
            throw new BadUrlException("the URL's part " + text + " is not percent-encoded as it should be");
        }
    }

    private static void require(boolean holds, String flaw) {
        if (!holds) {
            throw new BadUrlException(flaw);
        }
    }
}
