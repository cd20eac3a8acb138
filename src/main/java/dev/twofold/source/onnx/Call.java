package dev.twofold.source.onnx;

import dev.twofold.graph.proto.AttributeProto;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An operator and what it is applied to.
 *
 * @param operator with its domain before it, unless that is the default one
 * @param inputs those that are left out are empty; none of the last is
 * @param output the number of the output that is meant
 */
record Call(String operator, Map<String, AttributeProto> attributes, List<Optional<Value>> inputs, int output) {

    static final String MICROSOFT = "com.microsoft.";

    Optional<Value> input(int index) {
        return index < inputs.size() ? inputs.get(index) : Optional.empty();
    }

    /** What an input is, if it is of a kind. */
    <T extends Term> Optional<T> input(int index, Class<T> kind) {
        return input(index).flatMap(value -> value.as(kind));
    }

    long integer(String name, long otherwise) {
        AttributeProto attribute = attributes.get(name);
        return attribute == null ? otherwise : attribute.getI();
    }

    double number(String name, double otherwise) {
        AttributeProto attribute = attributes.get(name);
        return attribute == null ? otherwise : Decimals.of(attribute.getF());
    }

    String text(String name, String otherwise) {
        AttributeProto attribute = attributes.get(name);
        return attribute == null ? otherwise : attribute.getS().toStringUtf8();
    }
}
