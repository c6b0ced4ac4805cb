# Answers each input of a JSON list as the Ruby gem dotenv reads a file.
require "json"
require "dotenv"
require "dotenv/version"
abort "dotenv #{Dotenv::VERSION} is older than 3" if Dotenv::VERSION.to_i < 3
ENV.clear
answers = JSON.parse($stdin.read).map do |input|
  { "keys" => Dotenv::Parser.call(input.delete_prefix("\uFEFF")) }
rescue Dotenv::FormatError
  { "refused" => true }
rescue SystemCallError
  # It ran a command that is not there.
  { "keys" => {} }
end
puts JSON.generate(answers)
