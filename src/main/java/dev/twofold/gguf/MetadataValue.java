package dev.twofold.gguf;

import java.util.List;

/** A value of a GGUF file's metadata. Numbers of every width are one kind. */
public sealed interface MetadataValue {

    /** As messages show it. */
    String describe();

    /** A whole number, signed or not. */
    record Whole(long value) implements MetadataValue {
        @Override
        public String describe() {
            return String.valueOf(value);
        }
    }

    /**
     * A number with a fraction.
     *
     * @param value the shortest decimal number that the file's rounds to: 0.00001, not 0.00000999999974
     */
    record Real(double value) implements MetadataValue {
        @Override
        public String describe() {
            return String.valueOf(value);
        }
    }

    /** True or false. */
    record Flag(boolean value) implements MetadataValue {
        @Override
        public String describe() {
            return String.valueOf(value);
        }
    }

    /** A text. */
    record Text(String value) implements MetadataValue {
        @Override
        public String describe() {
            return "'" + value + "'";
        }
    }

    /** A list of any one kind, but not of lists. */
    record Values(List<MetadataValue> values) implements MetadataValue {
        public Values {
            values = List.copyOf(values);
        }

        @Override
        public String describe() {
            return "a list of " + values.size();
        }
    }
}
