package dev.twofold.source.onnx;

import com.google.protobuf.ByteString;
import dev.twofold.decoder.Linear;
import dev.twofold.disk.MappedFiles;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.AttributeProto.AttributeType;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.WeightEvaluator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Values of a graph that is only spelled: what a pattern matches, made of the pattern. */
final class Sketch {

    static final long WIDTH = 8;

    private final Values values;
    private final Map<String, Value> named = new HashMap<>();

    Sketch(List<Rule> rules) {
        this.values = new Values(rules, new WeightEvaluator(new MappedFiles()));
    }

    Values values() {
        return values;
    }

    /** A name of a pattern stands for this. */
    Sketch with(String name, Term term) {
        named.put(name, values.of(term));
        return this;
    }

    /** The same of a value. */
    Sketch with(String name, Value value) {
        named.put(name, value);
        return this;
    }

    /** Something that is computed, {@value #WIDTH} wide; as many different ones as there are numbers. */
    Value computed(int number) {
        return projected(WIDTH, number);
    }

    /** Something that is computed. */
    Value projected(long width) {
        return projected(width, 1);
    }

    private Value projected(long width, int number) {
        Value rows = values.of(new Term.Rows(new Filled(Shape.of(16, WIDTH), number)));
        return values.of(new Term.Projected(rows, Linear.withoutBias(new Filled(Shape.of(width, WIDTH), number))));
    }

    /** What a pattern matches. */
    Value value(Pattern pattern) {
        if (pattern instanceof Pattern.Applied applied) {
            return values.of(call(applied), Optional.empty());
        } else if (pattern instanceof Pattern.Known known) {
            return values.of(known.term());
        } else if (pattern instanceof Pattern.Number number) {
            return number(number.number());
        } else if (pattern instanceof Pattern.Whole whole) {
            return values.of(new Term.Whole(whole.numbers()));
        } else if (pattern instanceof Pattern.AnyNumber any) {
            return named.computeIfAbsent(any.name(), name -> number(2));
        } else if (pattern instanceof Pattern.AnyWhole any) {
            return named.computeIfAbsent(any.name(), name -> values.of(new Term.Whole(List.of(WIDTH))));
        }
        return named.computeIfAbsent(((Pattern.Capture) pattern).name(), name -> computed(name.hashCode()));
    }

    Call call(Pattern.Applied applied) {
        Map<String, AttributeProto> attributes = new HashMap<>();
        applied.attributes().forEach((name, text) -> attributes.put(name, attribute(name, text)));
        return new Call(
                applied.operator(),
                Map.copyOf(attributes),
                applied.inputs().stream().map(this::operand).toList(),
                applied.output());
    }

    /** What is called none is left out. */
    private Optional<Value> operand(Pattern input) {
        return input.equals(new Pattern.Capture("none")) ? Optional.empty() : Optional.of(value(input));
    }

    Value number(double number) {
        return values.of(new Term.Numbers(new Filled(Shape.of(1), (float) number), Optional.of(number)));
    }

    private static AttributeProto attribute(String name, String text) {
        AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name);
        if (text.startsWith("[")) {
            for (String one : text.substring(1, text.length() - 1).split(", ")) {
                attribute.addInts(Long.parseLong(one));
            }
            return attribute.setType(AttributeType.INTS).build();
        } else if (text.equals(Pattern.ANY)) {
            return attribute.setType(AttributeType.INT).setI(1).build();
        }
        if (text.matches("-?\\d+\\.\\d+")) {
            return attribute
                    .setType(AttributeType.FLOAT)
                    .setF(Float.parseFloat(text))
                    .build();
        }
        return text.matches("-?\\d+")
                ? attribute
                        .setType(AttributeType.INT)
                        .setI(Long.parseLong(text))
                        .build()
                : attribute
                        .setType(AttributeType.STRING)
                        .setS(ByteString.copyFromUtf8(text))
                        .build();
    }
}
