// Answers each input of a JSON list as the npm package dotenv reads it.
const dotenv = require('dotenv')
const inputs = JSON.parse(require('fs').readFileSync(0, 'utf8'))
console.log(JSON.stringify(inputs.map((input) => ({ keys: dotenv.parse(Buffer.from(input, 'utf8')) }))))
