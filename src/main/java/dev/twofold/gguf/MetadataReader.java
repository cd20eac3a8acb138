package dev.twofold.gguf;

import dev.twofold.diag.TwofoldException;
import dev.twofold.gguf.MetadataValue.Flag;
import dev.twofold.gguf.MetadataValue.Real;
import dev.twofold.gguf.MetadataValue.Text;
import dev.twofold.gguf.MetadataValue.Values;
import dev.twofold.gguf.MetadataValue.Whole;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the keys and values of a header. Everything is counted before it is kept: what a stranger's file claims takes no
 * more memory than its bytes could hold, nor more than any published file needs.
 */
final class MetadataReader {

    /** Published files have some fifty. */
    private static final int MAX_KEYS = 10_000;

    private static final int MAX_KEY = (1 << 16) - 1;

    /** The longest are chat templates. */
    private static final int MAX_TEXT = 16 << 20;

    /** Of what is kept in memory: the largest vocabularies with their merges take some 80 MB. */
    private static final long MAX_KEPT = 112L << 20;

    private static final int NUMBER_BYTES = 20;
    private static final int TEXT_BYTES = 64;

    private final HeaderBytes bytes;
    private long kept;

    MetadataReader(HeaderBytes bytes) {
        this.bytes = bytes;
    }

    /** @param count of keys, as the file has it */
    Map<String, MetadataValue> read(long count) throws IOException {
        if (count < 0 || count > MAX_KEYS) {
            throw bytes.rejected("too many keys of metadata")
                    .found(Long.toUnsignedString(count))
                    .expected("at most " + MAX_KEYS);
        }
        Map<String, MetadataValue> metadata = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            bytes.atKey("number " + i);
            String key = bytes.text(MAX_KEY);
            bytes.atKey(key);
            if (metadata.put(key, value()) != null) {
                throw bytes.rejected("the key is there twice")
                        .hint("readers differ in which of the two they take; do not use this file");
            }
        }
        return Collections.unmodifiableMap(metadata);
    }

    private ValueType type() throws IOException {
        int number = bytes.four();
        return ValueType.numbered(number)
                .orElseThrow(() -> bytes.rejected("unknown type of value")
                        .found(Integer.toUnsignedString(number))
                        .expected("0 to " + (ValueType.values().length - 1)));
    }

    private MetadataValue value() throws IOException {
        ValueType type = type();
        return type == ValueType.ARRAY ? values() : value(type);
    }

    private MetadataValue values() throws IOException {
        ValueType type = type();
        if (type == ValueType.ARRAY) {
            throw bytes.rejected("a list of lists").hint("no published file has one; do not use this file");
        }
        long count = bytes.eight();
        if (count < 0 || count > bytes.remaining() / type.leastBytes()) {
            throw bytes.truncated("a list has more values than the file could hold")
                    .found(Long.toUnsignedString(count) + " values, " + bytes.remaining() + " bytes");
        }
        keep(count * Integer.BYTES);
        List<MetadataValue> values = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            values.add(value(type));
        }
        return new Values(values);
    }

    private MetadataValue value(ValueType type) throws IOException {
        keep(NUMBER_BYTES);
        return switch (type) {
            case UINT8 -> new Whole(bytes.one() & 0xff);
            case INT8 -> new Whole(bytes.one());
            case UINT16 -> new Whole(bytes.two() & 0xffff);
            case INT16 -> new Whole(bytes.two());
            case UINT32 -> new Whole(Integer.toUnsignedLong(bytes.four()));
            case INT32 -> new Whole(bytes.four());
            case UINT64 -> unsigned();
            case INT64 -> new Whole(bytes.eight());
            case FLOAT32 -> new Real(Decimals.shortest(Float.intBitsToFloat(bytes.four())));
            case FLOAT64 -> new Real(Double.longBitsToDouble(bytes.eight()));
            case BOOL -> flag();
            case STRING -> text();
            case ARRAY -> throw new IllegalStateException("a list is no single value");
        };
    }

    private MetadataValue unsigned() throws IOException {
        long number = bytes.eight();
        if (number < 0) {
            throw bytes.rejected("a number is too large")
                    .found(Long.toUnsignedString(number))
                    .expected("at most " + Long.MAX_VALUE);
        }
        return new Whole(number);
    }

    private MetadataValue flag() throws IOException {
        byte value = bytes.one();
        if (value != 0 && value != 1) {
            throw bytes.rejected("neither true nor false").found(value & 0xff).expected("0 or 1");
        }
        return new Flag(value == 1);
    }

    private MetadataValue text() throws IOException {
        String text = bytes.text(MAX_TEXT);
        keep(TEXT_BYTES + 2L * text.length());
        return new Text(text);
    }

    private void keep(long more) {
        kept += more;
        if (kept > MAX_KEPT) {
            throw tooMuch();
        }
    }

    private TwofoldException tooMuch() {
        return bytes.rejected("too much metadata")
                .expected("at most " + (MAX_KEPT >> 20) + " MB of it in memory")
                .hint("no published model needs as much; do not use this file");
    }
}
